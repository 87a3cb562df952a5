// memcpy, memcmp and memchr as programs of ours have them do what the library's do.
#include <dlfcn.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace spreadable {
namespace {

// Called through these, since the compiler knows what it may put in place of the names.
void* (*volatile copy)(void*, const void*, std::size_t) = std::memcpy;
int (*volatile compare)(const void*, const void*, std::size_t) = std::memcmp;
const void* (*volatile find)(const void*, int, std::size_t) = std::memchr;

constexpr std::size_t kLengthMax = 600;
constexpr std::size_t kMargin = 16;

/// All bytes differ from their neighbours.
std::string text_of(std::size_t length) {
  std::string text(length, '\0');
  for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>(i * 37 + 11);
  return text;
}

int sign_of(int number) {
  return (number > 0) - (number < 0);
}

}  // namespace

#if defined(SPREADABLE_COPIES_INSIDE)
TEST_CASE("short copies: this program has its own") {
  CHECK(reinterpret_cast<void*>(+copy) != ::dlsym(RTLD_DEFAULT, "memcpy"));
  CHECK(reinterpret_cast<void*>(+compare) != ::dlsym(RTLD_DEFAULT, "memcmp"));
  CHECK(reinterpret_cast<void*>(+find) != ::dlsym(RTLD_DEFAULT, "memchr"));
}
#endif

TEST_CASE("short copies: bytes are copied, and none beside them, at any length and place") {
  const std::string source = text_of(kLengthMax + kMargin);
  for (std::size_t length = 0; length <= kLengthMax; ++length) {
    for (std::size_t from = 0; from < 8; from += length < 40 ? 1 : 7) {
      std::string target(kMargin + length + kMargin, '#');
      std::string expected = target;
      std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(from), length,
                  expected.begin() + kMargin);
      CHECK(copy(target.data() + kMargin, source.data() + from, length) == target.data() + kMargin);
      REQUIRE(target == expected);
    }
  }
}

TEST_CASE("short copies: texts compare by their first byte that differs, which has no sign") {
  for (std::size_t length = 0; length <= 80; ++length) {
    const std::string left = text_of(length);
    REQUIRE(compare(left.data(), left.data(), length) == 0);
    for (std::size_t at = 0; at < length; ++at) {
      for (const int other : {0, 1, 0x7f, 0x80, 0xff}) {
        std::string right = left;
        right[at] = static_cast<char>(other);
        if (at + 1 < length) right[at + 1] = static_cast<char>(right[at + 1] + 1);
        const int byte = static_cast<unsigned char>(left[at]);
        if (byte == other) continue;
        REQUIRE(sign_of(compare(left.data(), right.data(), length)) == sign_of(byte - other));
        REQUIRE(sign_of(compare(right.data(), left.data(), length)) == sign_of(other - byte));
        REQUIRE(compare(left.data(), right.data(), at) == 0);
      }
    }
  }
}

TEST_CASE("short copies: the first of a byte is found, within the length only") {
  for (const int wanted : {0, 1, 0x41, 0x7f, 0x80, 0xff}) {
    // Beside it stand bytes that differ from it by little.
    std::string text(100, static_cast<char>(wanted ^ 1));
    for (std::size_t i = 1; i < text.size(); i += 2) text[i] = static_cast<char>(wanted ^ 0x80);
    CHECK(find(text.data(), wanted, text.size()) == nullptr);
    for (std::size_t at = 0; at < text.size(); ++at) {
      std::string with = text;
      with[at] = static_cast<char>(wanted);
      if (at + 3 < with.size()) with[at + 3] = static_cast<char>(wanted);
      REQUIRE(find(with.data(), wanted, with.size()) == with.data() + at);
      REQUIRE(find(with.data(), wanted | 0x100, with.size()) == with.data() + at);
      REQUIRE(find(with.data(), wanted, at + 1) == with.data() + at);
      REQUIRE(find(with.data(), wanted, at) == nullptr);
    }
  }
}

}  // namespace spreadable
