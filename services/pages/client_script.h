// services/pages/client_script.h: the JavaScript client, as nodes serve it at /client.js.
#pragma once

#include <string_view>

namespace spreadable {

/// The text of web/client/client.js, built into the program so that a node needs no files beside
/// it.
[[nodiscard]] std::string_view client_script();

}  // namespace spreadable
