#include "extensions/documents/detail/regex_class.h"

#include <fmt/format.h>

#include <array>

#include "core/ascii.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::array kDigits{CharRange{'0', '9'}};
constexpr std::array kWordCharacters{CharRange{'0', '9'}, CharRange{'A', 'Z'}, CharRange{'_', '_'},
                                     CharRange{'a', 'z'}};
constexpr std::array kSpaces{CharRange{0x09, 0x0D},     CharRange{0x20, 0x20},
                             CharRange{0xA0, 0xA0},     CharRange{0x1680, 0x1680},
                             CharRange{0x2000, 0x200A}, CharRange{0x2028, 0x2029},
                             CharRange{0x202F, 0x202F}, CharRange{0x205F, 0x205F},
                             CharRange{0x3000, 0x3000}, CharRange{0xFEFF, 0xFEFF}};

}  // namespace

std::span<const CharRange> class_ranges(char letter) {
  switch (letter) {
    case 'd':
      return kDigits;
    case 'w':
      return kWordCharacters;
    default:
      return kSpaces;
  }
}

std::vector<CharRange> complement(std::span<const CharRange> ranges) {
  std::vector<CharRange> others;
  char32_t next = 0;
  for (const CharRange& range : ranges) {
    if (range.first > next) others.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCodePoint) others.push_back({next, kLastCodePoint});
  return others;
}

void RegexClass::add_class(char letter) {
  const auto own = class_ranges(ascii::to_lower(letter));
  if (ascii::is_lower(letter)) {
    ranges.insert(ranges.end(), own.begin(), own.end());
  } else {
    const auto others = complement(own);
    ranges.insert(ranges.end(), others.begin(), others.end());
  }
}

std::string RegexClass::text() const {
  if (ranges.empty() && properties.empty()) return is_negated ? "(?s:.)" : "[^\\x{0}-\\x{10FFFF}]";
  std::string out = is_negated ? "[^" : "[";
  for (const CharRange& range : ranges) {
    out += escaped(range.first);
    if (range.last != range.first) out += "-" + escaped(range.last);
  }
  return out + properties + "]";
}

std::string escaped(char32_t character) {
  const auto c = static_cast<char>(character);
  if (character < 0x80 && (ascii::is_letter(c) || ascii::is_digit(c))) return std::string(1, c);
  return fmt::format("\\x{{{:X}}}", static_cast<unsigned>(character));
}

}  // namespace spreadable::documents::detail
