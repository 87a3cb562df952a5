// services/http/detail/text.h: words and white space as HTTP has them. HTTP is ASCII, so nothing
// here asks the locale.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
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

/// Whether all bytes are letters or hyphens.
[[nodiscard]] inline bool is_plain_name(std::string_view text) {
  return word_bytes::has_none(text, '-', [](std::uint64_t word) {
    using word_bytes::kHighBits;
    using word_bytes::kOnes;
    // No sum of two bytes leaves its place: what is beyond ASCII is refused whatever they tell.
    const std::uint64_t ascii = word & ~kHighBits;
    const std::uint64_t small = ascii | kOnes * 0x20;
    const std::uint64_t from_a = small + kOnes * (0x80 - 'a');
    const std::uint64_t beyond_z = small + kOnes * (0x7f - 'z');
    const std::uint64_t no_hyphen = (ascii ^ kOnes * '-') + kOnes * 0x7f;
    return ((~from_a | beyond_z) & no_hyphen & kHighBits) | word_bytes::beyond_ascii(word);
  });
}

/// What methods and field names are. Source: RFC 9110 section 5.6.2.
[[nodiscard]] inline bool is_token(std::string_view text) {
  return !text.empty() && (is_plain_name(text) || consists_of(text, kTokenBytes));
}

/// Where in `text` the line end and the empty line stand that end a head; npos when they are not in
/// it from `from` on.
[[nodiscard]] inline std::size_t find_head_end(std::string_view text, std::size_t from = 0) {
  const auto is_at = [&](std::size_t index, char c) {
    return index < text.size() && text[index] == c;
  };
  for (auto at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    const bool ends_line = at > from && text[at - 1] == '\r';
    if (ends_line && is_at(at + 1, '\r') && is_at(at + 2, '\n')) return at - 1;
  }
  return std::string_view::npos;
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

/// Whether `line`, of which `name` and `value` are parts, has a space between them and nothing
/// more, as most senders write it.
[[nodiscard]] inline bool is_plain_line(std::string_view line, std::string_view name,
                                        std::string_view value) {
  return line.size() == name.size() + 2 + value.size() && line[name.size() + 1] == ' ';
}

}  // namespace spreadable::detail
