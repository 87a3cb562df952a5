#include "services/simulation/actors/dropper.h"

#include <functional>
#include <string>
#include <utility>

namespace spreadable {

void Dropper::falsify(const HttpRequest& asked, Json& body) {
  if (!is_master_stage(asked)) return;
  if (body.is_number_integer()) {
    body = body.get<std::int64_t>() / 2;
  } else if (body.is_array()) {
    Json kept = Json::array();
    for (Json& element : body) {
      // By the sender alone, where it is named: the rest of an answer may change.
      const bool is_named = element.is_object() && element.contains("address");
      const std::string text = dump_json(is_named ? element["address"] : element);
      if (std::hash<std::string>{}(text + node().address().text()) % 2 == 0) {
        kept.push_back(std::move(element));
      }
    }
    body = std::move(kept);
  }
}

}  // namespace spreadable
