#include "core/excerpt.h"

#include <fmt/format.h>

namespace spreadable {

std::string excerpt(std::string_view text) {
  if (text.size() <= kExcerptBytesMax) return std::string(text);
  std::size_t end = kExcerptBytesMax;
  const auto is_continuation = [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
  };
  // A UTF-8 character has at most three continuation bytes; a longer run is no text anyway.
  for (int step = 0; step < 3 && is_continuation(text[end]); ++step) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string quote(std::string_view text) {
  return '"' + excerpt(text) + '"';
}

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return quote(value.get_ref<const std::string&>());
    case Json::value_t::array:
      if (value.size() == 1 && !value[0].is_structured()) return "[" + describe(value[0]) + "]";
      return fmt::format("an array of {}", value.size());
    case Json::value_t::object:
      return fmt::format("an object of {}", value.size());
    default:
      return dump_json(value);
  }
}

}  // namespace spreadable
