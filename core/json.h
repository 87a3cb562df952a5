// core/json.h: JSON as it comes from and goes to the wire.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.h"

namespace spreadable {

using Json = nlohmann::json;

/// Deeper nesting is refused: writing and destroying deep values takes stack. Source: reliability
/// L7.
inline constexpr std::size_t kJsonDepthMax = 64;

/// Reads one JSON text. Errc::bad_request, with the position, for anything else or deeper nesting.
[[nodiscard]] Result<Json> parse_json(std::string_view text);

/// Tells `reader` what is in `text` piece by piece, as Json::sax_parse does, only faster: all keys
/// in their order, numbers without their text, -0 as 0, and the lengths of objects and arrays or
/// -1. Returns whether the whole of it was told; false when `reader` wants no more, or after its
/// parse_error() for what is no JSON. Texts may nest to any depth. Meanwhile `reader` reads no
/// other JSON and lets no other fiber of the thread go on.
[[nodiscard]] bool read_json(std::string_view text, nlohmann::json_sax<Json>& reader);

/// Writes `value` compactly. Bytes that are not UTF-8 become U+FFFD, so this never throws. Who
/// knows that the text has about `bytes` says so: a text that grows step by step takes twice the
/// memory.
[[nodiscard]] std::string dump_json(const Json& value, std::size_t bytes = 0);

/// About how many bytes of memory `value` takes, its own beside. Looks at each value inside once.
[[nodiscard]] std::size_t memory_of(const Json& value);

}  // namespace spreadable
