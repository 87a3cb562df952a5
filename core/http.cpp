#include "core/http.h"

#include "core/ascii.h"

namespace spreadable {
namespace {

// Room for the fields of most messages, so that it is made once.
constexpr std::size_t kFieldsUsual = 8;
constexpr std::size_t kBytesUsual = 320;

}  // namespace

Headers::Headers(std::initializer_list<Field> fields) {
  for (const auto& [name, value] : fields) add(name, value);
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  places_.reserve(fields);
  text_.reserve(bytes);
}

void Headers::add(std::string_view name, std::string_view value) {
  if (places_.capacity() == 0) reserve(kFieldsUsual, kBytesUsual);
  text_ += name;
  const std::size_t name_end = text_.size();
  text_ += kColon;
  text_ += value;
  places_.push_back({name_end, text_.size()});
  text_ += kLineEnd;
}

void Headers::add_line(std::string_view line, std::size_t name_bytes) {
  const std::size_t begin = text_.size();
  places_.push_back({begin + name_bytes, begin + line.size() - kLineEnd.size()});
  text_ += line;
}

void Headers::set(std::string_view name, std::string_view value) {
  Headers others;
  for (const Field& field : *this) {
    if (!ascii::is_same_word(field.name, name)) others.add(field.name, field.value);
  }
  others.add(name, value);
  *this = std::move(others);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  std::size_t begin = 0;
  for (const Place& place : places_) {
    if (place.name_end - begin == name.size() &&
        ascii::is_same_word({text_.data() + begin, name.size()}, name)) {
      return std::string_view(text_).substr(place.value_begin(),
                                            place.value_end - place.value_begin());
    }
    begin = place.next_begin();
  }
  return std::nullopt;
}

}  // namespace spreadable
