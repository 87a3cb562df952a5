#include "services/simulation/actors/alterer.h"

#include <string>

namespace spreadable {
namespace {

void alter(Json& value) {
  if (value.is_number_integer()) {
    value = value.get<std::int64_t>() + 1;
  } else if (value.is_number_float()) {
    value = value.get<double>() + 1;
  } else if (value.is_boolean()) {
    value = !value.get<bool>();
  } else if (value.is_string()) {
    const auto text = value.get<std::string>();
    value = std::string(text.rbegin(), text.rend());
  } else {
    for (Json& element : value) alter(element);  // nothing at all for null
  }
}

}  // namespace

void Alterer::falsify(const HttpRequest& asked, Json& body) {
  if (is_slave_stage(asked)) return alter(body);
  if (!is_master_stage(asked)) return;
  if (!body.is_array()) return alter(body);
  for (Json& element : body) {
    if (node().random().uniform() < share_) alter(element);
  }
}

}  // namespace spreadable
