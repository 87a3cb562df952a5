// core/word_bytes.h: looks at the bytes of a text eight at a time.
#pragma once

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

/// Whether `marks_of(word)` is 0 for the words of `text`, the last of which overlaps the one
/// before. Less than a word is filled up with `filler`.
template <class Marks>
[[nodiscard]] bool has_none(std::string_view text, char filler, Marks marks_of) {
  std::uint64_t word = kOnes * static_cast<std::uint8_t>(filler);
  if (text.size() < sizeof word) {
    if (!text.empty()) std::memcpy(&word, text.data(), text.size());
    return marks_of(word) == 0;
  }
  const char* const last = text.data() + text.size() - sizeof word;
  for (const char* at = text.data(); at < last; at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if (marks_of(word) != 0) return false;
  }
  std::memcpy(&word, last, sizeof word);
  return marks_of(word) == 0;
}

}  // namespace spreadable::word_bytes
