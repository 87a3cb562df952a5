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

/// Writes `value` compactly. Bytes that are not UTF-8 become U+FFFD, so this never throws.
[[nodiscard]] std::string dump_json(const Json& value);

}  // namespace spreadable
