#include "extensions/documents/detail/index_key.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/assert.h"
#include "extensions/documents/detail/code_points.h"

namespace spreadable::documents::detail {
namespace {

constexpr char kMissing = 0;
constexpr char kNumber = 1;
constexpr char kText = 2;

/// Big-endian, the sign turned so that bytes are ordered as numbers are.
void append_number(std::string& out, double number) {
  auto bits = std::bit_cast<std::uint64_t>(number);
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  bits = (bits & kSign) != 0 ? ~bits : bits | kSign;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((bits >> shift) & 0xFF);
}

/// Ends with two zeros, which no text inside has: a zero is followed by 0xFF.
void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    out += c;
    if (c == '\0') out += '\xFF';
  }
  out.append(2, '\0');
}

}  // namespace

IndexKey IndexKey::of(const Value& value) {
  SPREADABLE_ASSERT(value.kind != Kind::undefined);
  const double number = to_number(value);
  if (!std::isnan(number)) return of_number(number);
  if (value.kind == Kind::text) return of_text(value.text);
  return of_text(text_of(value, kTextBytesMax));
}

IndexKey IndexKey::of_number(double number) {
  return {.is_text = false, .number = number == 0 ? 0 : number};  // no negative zero
}

IndexKey IndexKey::of_text(std::string_view text) {
  // Cut between characters, so that what is left is ordered as the whole is.
  std::size_t end = std::min(text.size(), kTextBytesMax);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  text = text.substr(0, end);
  IndexKey key{.is_text = true};
  key.text = has_surrogates(text) ? with_surrogates(text) : std::string(text);
  key.text.resize(std::min(key.text.size(), kTextBytesMax));
  return key;
}

void append_ordered(std::string& out, const Value& value) {
  if (value.kind == Kind::undefined || value.kind == Kind::null) {
    out += kMissing;
    return;
  }
  const IndexKey key = IndexKey::of(value);
  out += key.is_text ? kText : kNumber;
  key.is_text ? append_text(out, key.text) : append_number(out, key.number);
}

}  // namespace spreadable::documents::detail
