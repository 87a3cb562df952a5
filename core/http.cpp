#include "core/http.h"

#include "core/ascii.h"

namespace spreadable {
namespace {

// Room for the fields of most messages, so that it is made once.
constexpr std::size_t kFieldsUsual = 8;
constexpr std::size_t kBytesUsual = 240;

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
  text_ += value;
  places_.push_back({name_end, text_.size()});
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
  for (const auto& [name_end, value_end] : places_) {
    if (name_end - begin == name.size() &&
        ascii::is_same_word({text_.data() + begin, name.size()}, name)) {
      return std::string_view(text_.data() + name_end, value_end - name_end);
    }
    begin = value_end;
  }
  return std::nullopt;
}

}  // namespace spreadable
