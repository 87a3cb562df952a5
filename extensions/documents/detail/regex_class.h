// extensions/documents/detail/regex_class.h: sets of characters in regular expressions.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace spreadable::documents::detail {

/// Characters from `first` to `last`, both included.
struct CharRange {
  char32_t first;
  char32_t last;
};

inline constexpr char32_t kLastCodePoint = 0x10'FFFF;

/// The characters of `\d`, `\w` and `\s`, in order.
[[nodiscard]] std::span<const CharRange> class_ranges(char letter);
/// All other characters.
[[nodiscard]] std::vector<CharRange> complement(std::span<const CharRange> ranges);

/// A set in square brackets, as it is read.
struct RegexClass {
  bool is_negated = false;
  std::vector<CharRange> ranges{};
  std::string properties{};  ///< `\p{…}` in RE2's notation

  /// Adds what `\d`, `\D`, `\w`, `\W`, `\s` or `\S` stands for.
  void add_class(char letter);
  /// In RE2's notation, where no set is empty.
  [[nodiscard]] std::string text() const;
};

/// One character in RE2's notation.
[[nodiscard]] std::string escaped(char32_t character);

}  // namespace spreadable::documents::detail
