// services/http/detail/text.h: words and white space as HTTP has them. HTTP is ASCII, so nothing
// here asks the locale.
#pragma once

#include <algorithm>
#include <string_view>

namespace spreadable::detail {

/// Whether two texts differ in the case of ASCII letters at most.
[[nodiscard]] constexpr bool is_same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char left, char right) { return lower(left) == lower(right); });
}

/// `text` without spaces and tabs around it.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace spreadable::detail
