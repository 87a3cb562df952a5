// services/http/detail/text.h: words and white space as HTTP has them. HTTP is ASCII, so nothing
// here asks the locale.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "core/word_bytes.h"

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

/// Bytes beyond ASCII pass: clients do send them unencoded.
[[nodiscard]] inline bool is_field_value(std::string_view text) {
  const bool has_no_control = word_bytes::has_none(text, ' ', [](std::uint64_t word) {
    return word_bytes::below(word, ' ') | word_bytes::equal(word, 0x7f);
  });
  return has_no_control ||  // nor a tab
         std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) && c != '\t'; });
}

/// Whether a line, without its end, is a name, a colon and a value.
[[nodiscard]] inline bool is_field(std::string_view line) {
  const auto colon = line.find(':');
  return colon != std::string_view::npos && is_token(line.substr(0, colon)) &&
         is_field_value(line.substr(colon + 1));
}

}  // namespace spreadable::detail
