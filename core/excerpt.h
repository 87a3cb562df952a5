// core/excerpt.h: foreign text and values as they are quoted in error messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/json.h"

namespace spreadable {

/// Bytes of foreign text that a message repeats: enough to recognise it, too little to flood a log.
inline constexpr std::size_t kExcerptBytesMax = 64;

/// `text` without quotes, cut to kExcerptBytesMax at a character boundary and then marked with `…`.
[[nodiscard]] std::string excerpt(std::string_view text);

/// excerpt() of `text` in double quotes. Control bytes are left to the Logger.
[[nodiscard]] std::string quote(std::string_view text);

/// A value as a message names it: scalars as they are written, text as quote(), and only the kind
/// and size of arrays and objects, so that the cost does not depend on what a peer sent.
[[nodiscard]] std::string describe(const Json& value);

}  // namespace spreadable
