#include "extensions/documents/detail/code_points.h"

#include <utf8proc.h>

#include <algorithm>

#include "core/ascii.h"

namespace spreadable::documents::detail {
namespace {

constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kDottedI = 0x130;
constexpr char32_t kDotAbove = 0x307;

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

/// Bytes of the code point that `lead` begins; 1 for what begins none.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0xC0) return 1;
  if (lead < 0xE0) return 2;
  return lead < 0xF0 ? 3 : 4;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The two units of UTF-16 of `code_point`; the second is 0 when there is one.
std::pair<char32_t, char32_t> units_of(char32_t code_point) {
  if (code_point < kTwoUnits) return {code_point, 0};
  const char32_t rest = code_point - kTwoUnits;
  return {0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF)};
}

bool is_cased(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return false;
  }
}

/// Marks and punctuation inside words, which do not end them.
bool is_case_ignorable(char32_t code_point) {
  static constexpr std::u32string_view kInsideWords =
      U"'.:^`\u00A8\u00AD\u00AF\u00B4\u00B7\u00B8\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13"
      U"\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return kInsideWords.find(code_point) != kInsideWords.npos;
  }
}

/// Whether a word goes on behind `at`.
bool goes_on(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const char32_t next = next_code_point(text, at);
    if (!is_case_ignorable(next)) return is_cased(next);
  }
  return false;
}

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const unsigned char lead = byte_at(text, at);
  const std::size_t length = sequence_length(lead);
  if (length == 1 || at + length > text.size()) return byte_at(text, at++);
  char32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned char byte = byte_at(text, at + i);
    if (!is_continuation(byte)) return byte_at(text, at++);
    value = (value << 6) | (byte & 0x3FU);
  }
  at += length;
  return value;
}

void append_code_point(std::string& out, char32_t code_point) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
  } else if (code_point < kTwoUnits) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (is_continuation(byte) ? 0U : 1U) + (byte >= 0xF0 ? 1U : 0U);
  }
  return units;
}

std::strong_ordering utf16_order(std::string_view a, std::string_view b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (left == a.end() || right == b.end()) return a.size() <=> b.size();
  const auto first = static_cast<unsigned char>(*left);
  const auto second = static_cast<unsigned char>(*right);
  // Four bytes stand for two surrogates, which come before U+E000.
  const bool is_first_pair = first >= 0xF0;
  const bool is_second_pair = second >= 0xF0;
  if (is_first_pair != is_second_pair && first >= 0xEE && second >= 0xEE) {
    return is_first_pair ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return first <=> second;
}

std::string_view utf16_unit(std::string_view text, std::size_t index) {
  std::size_t unit = 0;
  for (std::size_t at = 0; at < text.size() && unit <= index;) {
    const std::size_t begin = at;
    const bool is_pair = next_code_point(text, at) >= kTwoUnits;
    if (unit == index) return is_pair ? std::string_view() : text.substr(begin, at - begin);
    unit += is_pair ? 2 : 1;
  }
  return {};
}

bool has_surrogates(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0xF0; });
}

std::string with_surrogates(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (std::size_t at = 0; at < text.size();) {
    const auto [high, low] = units_of(next_code_point(text, at));
    append_code_point(out, high);
    if (low != 0) append_code_point(out, low);
  }
  return out;
}

std::string lower_case(std::string_view text) {
  if (is_ascii(text)) return ascii::lower(text);
  std::string out;
  out.reserve(text.size());
  bool is_in_word = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code_point = next_code_point(text, at);
    if (code_point == kSigma) {
      append_code_point(out, is_in_word && !goes_on(text, at) ? kFinalSigma : kSmallSigma);
    } else if (code_point == kDottedI) {
      append_code_point(out, 'i');
      append_code_point(out, kDotAbove);
    } else {
      append_code_point(
          out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point))));
    }
    if (!is_case_ignorable(code_point)) is_in_word = is_cased(code_point);
  }
  return out;
}

}  // namespace spreadable::documents::detail
