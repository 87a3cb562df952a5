#include "core/http.h"

#include "core/detail/ascii.h"

namespace spreadable {

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [field_name, value] : fields_) {
    if (detail::is_same_word(field_name, name)) return &value;
  }
  return nullptr;
}

}  // namespace spreadable
