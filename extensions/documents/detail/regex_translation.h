// extensions/documents/detail/regex_translation.h: regular expressions of JavaScript in the
// notation of RE2.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace spreadable::documents::detail {

/// What the flags of a regular expression mean for `test`.
struct RegexFlags {
  bool ignores_case = false;  ///< i
  bool is_multiline = false;  ///< m
  bool dot_is_all = false;    ///< s
  bool is_unicode = false;    ///< u: whole code points instead of units of UTF-16
  bool is_sticky = false;     ///< y: matches at the beginning only
  // d and g change nothing for one test.

  /// Errc::invalid_argument for unknown or repeated flags, and for v.
  [[nodiscard]] static Result<RegexFlags> parse(std::string_view flags);
};

/// An expression that RE2 finds in the same texts as JavaScript finds `source`. Without the flag u
/// both are to be given with surrogates (code_points.h) where a text holds any. Differences, all
/// with uncommon letters: with the flag m lines end at `\n` alone; with i, k and s also match
/// U+212A and U+017F, and letters are the same when Unicode's simple folding says so.
/// Errc::invalid_argument, in words, for what JavaScript refuses, for what takes more than linear
/// time (back-references, look-ahead, look-behind), for more than 1,000 repetitions, and for
/// properties other than general categories and scripts.
[[nodiscard]] Result<std::string> translate_regex(std::string_view source, const RegexFlags& flags);

}  // namespace spreadable::documents::detail
