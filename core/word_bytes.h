// core/word_bytes.h: looks at the bytes of a text eight at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Marks in the eight bytes of a word, whatever their order: not 0 exactly if there is such a byte,
/// so that marks of several kinds can be joined and looked at once. Source: "Bit Twiddling Hacks"
/// (Anderson), "Determine if a word has a byte less than n" and "… equal to n".
namespace spreadable::word_bytes {

inline constexpr std::uint64_t kOnes = ~std::uint64_t{0} / 255;  ///< each byte is 1
inline constexpr std::uint64_t kHighBits = kOnes * 0x80;

/// Of bytes less than `limit`. Requires: limit <= 0x80.
[[nodiscard]] constexpr std::uint64_t below(std::uint64_t word, std::uint8_t limit) {
  return (word - kOnes * limit) & ~word & kHighBits;
}

/// Of bytes that are `byte`.
[[nodiscard]] constexpr std::uint64_t equal(std::uint64_t word, std::uint8_t byte) {
  return below(word ^ (kOnes * byte), 1);
}

/// Of bytes that are none of ASCII.
[[nodiscard]] constexpr std::uint64_t beyond_ascii(std::uint64_t word) {
  return word & kHighBits;
}

/// A word of the bytes of `text`, some of them twice, filled up with `filler`. Requires: less than
/// a word.
[[nodiscard]] inline std::uint64_t short_word(std::string_view text, char filler) {
  constexpr std::size_t kHalf = 4;
  if (text.size() >= kHalf) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, text.data(), kHalf);
    std::memcpy(&last, text.data() + text.size() - kHalf, kHalf);
    return std::uint64_t{last} << 32 | first;
  }
  const std::uint64_t word = kOnes * static_cast<std::uint8_t>(filler);
  if (text.empty()) return word;
  const auto byte = [&](std::size_t at) {
    return std::uint64_t{static_cast<std::uint8_t>(text[at])};
  };
  return word << 24 | byte(0) << 16 | byte(text.size() / 2) << 8 | byte(text.size() - 1);
}

/// Whether `marks_of(word)` is 0 for the words of `text`, the last of which overlaps the one
/// before. Less than a word is filled up with `filler`.
template <class Marks>
[[nodiscard]] bool has_none(std::string_view text, char filler, Marks marks_of) {
  if (text.size() < sizeof(std::uint64_t)) return marks_of(short_word(text, filler)) == 0;
  std::uint64_t word = 0;
  const char* const last = text.data() + text.size() - sizeof word;
  for (const char* at = text.data(); at < last; at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if (marks_of(word) != 0) return false;
  }
  std::memcpy(&word, last, sizeof word);
  return marks_of(word) == 0;
}

}  // namespace spreadable::word_bytes
