#include "core/word_bytes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <string>

#include "services/http/detail/text.h"

namespace spreadable {
namespace {

constexpr std::size_t kLengthMax = 17;  // two words and a byte
constexpr std::uint8_t kNeighbours[] = {0x00, 0x01, 0x1f, 0x20, 0x41, 0x7f, 0x80, 0xff};
constexpr std::uint8_t kLimits[] = {0x01, 0x20, 0x7f, 0x80};
constexpr std::uint8_t kWanted[] = {0x00, 0x22, 0x5c, 0x7f, 0x80, 0xff};

static_assert(word_bytes::equal(0x2200, '"') != 0 && word_bytes::equal(0x2300, '"') == 0);
static_assert(word_bytes::below(word_bytes::kOnes * 0x20 - 1, 0x20) != 0);
static_assert(word_bytes::below(word_bytes::kOnes * 0x20, 0x20) == 0);

/// Gives all words with one byte of any value, the others being alike.
void visit_words(
    const std::function<void(std::uint64_t word, const std::array<std::uint8_t, 8>&)>& visit) {
  for (const std::uint8_t others : kNeighbours) {
    for (std::size_t place = 0; place < 8; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::array<std::uint8_t, 8> bytes{};
        bytes.fill(others);
        bytes[place] = static_cast<std::uint8_t>(byte);
        visit(std::bit_cast<std::uint64_t>(bytes), bytes);
      }
    }
  }
}

/// Gives all texts of up to kLengthMax bytes with one byte of any value among letters.
void visit_texts(const std::function<void(const std::string&)>& visit) {
  visit("");
  for (std::size_t length = 1; length <= kLengthMax; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'a');
        text[place] = static_cast<char>(byte);
        visit(text);
      }
    }
  }
}

template <class Bytes, class Test>
bool is_any(const Bytes& bytes, Test test) {
  return std::any_of(bytes.begin(), bytes.end(),
                     [&](auto byte) { return test(static_cast<std::uint8_t>(byte)); });
}

}  // namespace

TEST_CASE("word bytes: marks: are in the very words that have such a byte") {
  std::size_t wrong = 0;
  visit_words([&](std::uint64_t word, const std::array<std::uint8_t, 8>& bytes) {
    for (const std::uint8_t limit : kLimits) {
      wrong += (word_bytes::below(word, limit) != 0) !=
               is_any(bytes, [&](std::uint8_t byte) { return byte < limit; });
    }
    for (const std::uint8_t wanted : kWanted) {
      wrong += (word_bytes::equal(word, wanted) != 0) !=
               is_any(bytes, [&](std::uint8_t byte) { return byte == wanted; });
    }
    wrong += (word_bytes::beyond_ascii(word) != 0) !=
             is_any(bytes, [](std::uint8_t byte) { return byte >= 0x80; });
  });
  CHECK(wrong == 0);
}

TEST_CASE("word bytes: texts: each byte of one is seen, and nothing behind it") {
  const auto exclamations = [](std::uint64_t word) { return word_bytes::equal(word, '!'); };
  std::size_t wrong = 0;
  visit_texts([&](const std::string& text) {
    const std::string longer = text + std::string(8, '!');
    const std::string_view view = std::string_view(longer).substr(0, text.size());
    wrong += word_bytes::has_none(view, ' ', exclamations) != (text.find('!') == std::string::npos);
  });
  CHECK(wrong == 0);
  CHECK(word_bytes::has_none({}, ' ', exclamations));
  CHECK_FALSE(word_bytes::has_none({}, '!', exclamations));
}

TEST_CASE("word bytes: field values: each text is judged as byte by byte") {
  std::size_t wrong = 0;
  visit_texts([&](const std::string& text) {
    const bool is_value =
        !is_any(text, [](std::uint8_t c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
    wrong += detail::is_field_value(text) != is_value;
  });
  CHECK(wrong == 0);
}

TEST_CASE("word bytes: field names: each text is judged as byte by byte") {
  std::size_t wrong = 0;
  visit_texts([&](const std::string& text) {
    const bool is_plain = !is_any(text, [](std::uint8_t c) {
      return !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-';
    });
    wrong += detail::is_plain_name(text) != is_plain;
    wrong +=
        detail::is_token(text) != (!text.empty() && detail::consists_of(text, detail::kTokenBytes));
  });
  CHECK(wrong == 0);
}

}  // namespace spreadable
