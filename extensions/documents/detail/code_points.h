// extensions/documents/detail/code_points.h: texts as JavaScript counts and orders them. Ours are
// UTF-8, JavaScript's are UTF-16.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace spreadable::documents::detail {

/// Code points from here on are two units of UTF-16, and four bytes of UTF-8.
inline constexpr char32_t kTwoUnits = 0x1'0000;

/// The code point that begins at `at`, which is moved behind it. A byte that begins none counts as
/// one of its own value, so that any bytes can be read. Requires: at < text.size().
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at);
/// As UTF-8. Halves of surrogate pairs become three bytes.
void append_code_point(std::string& out, char32_t code_point);

/// `length` of JavaScript: units of UTF-16.
[[nodiscard]] std::size_t utf16_length(std::string_view text);
/// The order of JavaScript: by units of UTF-16. It differs from that of bytes and code points where
/// U+E000 to U+FFFF meet what lies above.
[[nodiscard]] std::strong_ordering utf16_order(std::string_view a, std::string_view b);
/// The character of which unit `index` is the whole; empty for half of a surrogate pair or beyond
/// the end.
[[nodiscard]] std::string_view utf16_unit(std::string_view text, std::size_t index);

/// Whether any code point is two units of UTF-16.
[[nodiscard]] bool has_surrogates(std::string_view text);
/// `text` with each half of a surrogate pair as three bytes (CESU-8): bytes are then ordered, and
/// matched one by one, as units of UTF-16 are.
[[nodiscard]] std::string with_surrogates(std::string_view text);

/// toLowerCase of JavaScript.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace spreadable::documents::detail
