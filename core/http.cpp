#include "core/http.h"

#include "core/ascii.h"

namespace spreadable {

void Headers::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return ascii::is_same_word(field.first, name); });
  add(std::move(name), std::move(value));
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [field_name, value] : fields_) {
    if (ascii::is_same_word(field_name, name)) return &value;
  }
  return nullptr;
}

}  // namespace spreadable
