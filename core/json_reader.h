// core/json_reader.h: JSON texts told piece by piece, without a tree of values.
#pragma once

#include <string_view>

#include "core/json.h"

namespace spreadable {

/// Tells `reader` what is in `text`, as Json::sax_parse does, only faster: all keys in their order,
/// numbers without their text, and lengths of objects and arrays or -1. Returns whether the whole
/// of it was told; false when `reader` wants no more, or after its parse_error() for what is no
/// JSON. Texts may nest to any depth. While it is told, `reader` reads no other JSON and lets no
/// other fiber of the thread go on.
[[nodiscard]] bool read_json(std::string_view text, nlohmann::json_sax<Json>& reader);

}  // namespace spreadable
