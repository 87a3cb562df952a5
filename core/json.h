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

/// Writes `value` compactly. Bytes that are not UTF-8 become U+FFFD, so this never throws. Who
/// knows that the text has about `bytes` says so: a text that grows step by step takes twice the
/// memory.
[[nodiscard]] std::string dump_json(const Json& value, std::size_t bytes = 0);

/// About how many bytes of memory `value` takes, its own beside. Looks at each value inside once.
[[nodiscard]] std::size_t memory_of(const Json& value);

}  // namespace spreadable
