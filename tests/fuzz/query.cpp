// Percent-encoding, UTF-8 and excerpts of foreign text.
#include "core/query.h"

#include "core/excerpt.h"
#include "core/json.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

std::string encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789aBcDeF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

/// What the JSON library thinks of it, which has a decoder of its own.
bool is_utf8_to_others(std::string_view text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  SPREADABLE_ASSERT(is_utf8(input) == is_utf8_to_others(input));
  const std::string escaped = encoded(input);
  SPREADABLE_ASSERT(form_decoded(escaped) == input);
  SPREADABLE_ASSERT(is_well_encoded(escaped) == is_utf8(input));
  SPREADABLE_ASSERT(form_decoded(input).size() <= input.size());
  SPREADABLE_ASSERT(
      query_parameter("a&b=%&" + escaped + "=x" + escaped, input) ==
          (input.empty() ? query_parameter("a&b=%&=x", "") : "x" + std::string(input)) ||
      input == "a" || input == "b");
  static_cast<void>(query_parameter(input, "a"));

  const std::string shown = excerpt(input);
  SPREADABLE_ASSERT(shown.size() <= kExcerptBytesMax + std::string_view("…").size());
  if (is_utf8(input)) SPREADABLE_ASSERT(is_utf8(shown));
  SPREADABLE_ASSERT(quote(input) == '"' + shown + '"');
}

}  // namespace spreadable
