// services/http/detail/text.h: words and white space as HTTP has them. HTTP is ASCII, so nothing
// here asks the locale.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spreadable::detail {

/// For each byte whether it is a letter, a digit or one of `extra`.
[[nodiscard]] constexpr std::array<bool, 256> byte_table(std::string_view extra) {
  std::array<bool, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : extra) table[static_cast<unsigned char>(c)] = true;
  return table;
}
inline constexpr auto kTokenBytes = byte_table("!#$%&'*+-.^_`|~");

[[nodiscard]] constexpr bool consists_of(std::string_view text,
                                         const std::array<bool, 256>& table) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

/// What methods and field names are. Source: RFC 9110 section 5.6.2.
[[nodiscard]] constexpr bool is_token(std::string_view text) {
  return !text.empty() && consists_of(text, kTokenBytes);
}

[[nodiscard]] constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Whether one of the eight bytes in a word is a control byte. Source: "Bit Twiddling Hacks"
/// (Anderson), bytes less than n and bytes equal to n.
[[nodiscard]] constexpr bool has_control(std::uint64_t word) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0} / 255;
  constexpr std::uint64_t kHighs = kOnes * 0x80;
  const std::uint64_t deletes = word ^ (kOnes * 0x7f);
  return (((word - kOnes * 0x20) & ~word) | ((deletes - kOnes) & ~deletes)) & kHighs;
}

/// Bytes beyond ASCII pass: clients do send them unencoded.
[[nodiscard]] inline bool is_field_value(std::string_view text) {
  std::uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    if (has_control(word)) break;  // or a tab
    text.remove_prefix(sizeof word);
  }
  return std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

/// Whether a line, without its end, is a name, a colon and a value.
[[nodiscard]] inline bool is_field(std::string_view line) {
  const auto colon = line.find(':');
  return colon != std::string_view::npos && is_token(line.substr(0, colon)) &&
         is_field_value(line.substr(colon + 1));
}

}  // namespace spreadable::detail
