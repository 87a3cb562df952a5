// extensions/documents/script.h: the JavaScript client as nodes serve it, beside that of
// services/pages.
#pragma once

#include <string_view>

namespace spreadable::documents {

/// The text of web/client/documents.js, which was built in.
[[nodiscard]] std::string_view script();

}  // namespace spreadable::documents
