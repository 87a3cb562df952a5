// memcpy, memcmp and memchr of programs that lie where program_place.cpp says. Nearly all that a
// node copies, compares and searches is short: names, addresses, numbers. The library's functions
// lie elsewhere in each process, and what branch predictors have learned of the way there and back
// in one is wrong in all others. Nobody but the program sees these: libraries use the library's.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/word_bytes.h"

namespace {

using Byte = unsigned char;

constexpr std::size_t kCopiedHere = 256;  ///< more goes to the library, which is quicker then

struct Pair {
  std::uint64_t words[2];
};

/// Reads and writes of a length that the compiler knows, so that there is no call.
template <typename Word>
Word word_at(const Byte* from) {
  Word word;
  __builtin_memcpy(&word, from, sizeof(Word));
  return word;
}
template <typename Word>
void put(Byte* to, const Word& word) {
  __builtin_memcpy(to, &word, sizeof(Word));
}

/// The first and the last word of `length` bytes, which overlap or meet.
template <typename Word>
void copy_ends(Byte* to, const Byte* from, std::size_t length) {
  const auto first = word_at<Word>(from);
  const auto last = word_at<Word>(from + length - sizeof(Word));
  put(to, first);
  put(to + length - sizeof(Word), last);
}

/// How two words differ byte by byte.
int order_of(std::uint64_t left, std::uint64_t right) {
  if (left == right) return 0;
  if constexpr (std::endian::native == std::endian::little) {
    left = __builtin_bswap64(left);
    right = __builtin_bswap64(right);
  }
  return left < right ? -1 : 1;
}

}  // namespace

// By other names, lest the compiler put calls of memcpy into memcpy.
#define SPREADABLE_IS(name) __asm__(#name) __attribute__((visibility("hidden")))
void* copy(void* to, const void* from, std::size_t length) SPREADABLE_IS(memcpy);
int compare(const void* left, const void* right, std::size_t length) SPREADABLE_IS(memcmp);
void* find(const void* text, int byte, std::size_t length) SPREADABLE_IS(memchr);
void* copy_of_library(void* to, const void* from, std::size_t length) __asm__("memmove");

void* copy(void* to, const void* from, std::size_t length) {
  auto* const out = static_cast<Byte*>(to);
  const auto* const in = static_cast<const Byte*>(from);
  if (length > kCopiedHere) return copy_of_library(to, from, length);
  if (length >= sizeof(Pair)) {
    const auto last = word_at<Pair>(in + length - sizeof(Pair));
    for (std::size_t at = 0; at + sizeof(Pair) < length; at += sizeof(Pair)) {
      put(out + at, word_at<Pair>(in + at));
    }
    put(out + length - sizeof(Pair), last);
  } else if (length >= sizeof(std::uint64_t)) {
    copy_ends<std::uint64_t>(out, in, length);
  } else if (length >= sizeof(std::uint32_t)) {
    copy_ends<std::uint32_t>(out, in, length);
  } else if (length > 0) {
    const Byte middle = in[length / 2];
    copy_ends<Byte>(out, in, length);
    out[length / 2] = middle;
  }
  return to;
}

int compare(const void* left, const void* right, std::size_t length) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  const auto* const a = static_cast<const Byte*>(left);
  const auto* const b = static_cast<const Byte*>(right);
  const auto compare_at = [&](std::size_t at) {
    return order_of(word_at<std::uint64_t>(a + at), word_at<std::uint64_t>(b + at));
  };
  if (length < kWord) {
    for (std::size_t at = 0; at < length; ++at) {
      if (a[at] != b[at]) return a[at] < b[at] ? -1 : 1;
    }
    return 0;
  }
  for (std::size_t at = 0; at + kWord < length; at += kWord) {
    if (const int order = compare_at(at); order != 0) return order;
  }
  return compare_at(length - kWord);
}

void* find(const void* text, int byte, std::size_t length) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  const auto* const begin = static_cast<const Byte*>(text);
  const auto wanted = static_cast<Byte>(byte);
  std::size_t at = 0;
  for (; at + kWord <= length; at += kWord) {
    if (spreadable::word_bytes::equal(word_at<std::uint64_t>(begin + at), wanted) != 0) break;
  }
  for (const std::size_t end = std::min(length, at + kWord); at < end; ++at) {
    if (begin[at] == wanted) return const_cast<Byte*>(begin + at);
  }
  return nullptr;
}
