#include "services/simulation/actors/dropper.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace spreadable {
namespace {

/// Orders what a master has heard by sender, where that is named: the rest of an answer may change.
std::size_t rank_of(const Json& element, const std::string& salt) {
  const bool is_named = element.is_object() && element.contains("address");
  return std::hash<std::string>{}(dump_json(is_named ? element["address"] : element) + salt);
}

}  // namespace

void Dropper::falsify(const HttpRequest& asked, Json& body) {
  if (!is_master_stage(asked)) return;
  if (body.is_number_integer()) {
    body = body.get<std::int64_t>() / 2;
  } else if (body.is_array()) {
    std::vector<std::pair<std::size_t, Json>> ranked;
    for (Json& element : body) {
      ranked.emplace_back(rank_of(element, node().address().text()), std::move(element));
    }
    std::sort(ranked.begin(), ranked.end());
    ranked.resize(ranked.size() / 2);
    body = Json::array();
    for (auto& [rank, element] : ranked) body.push_back(std::move(element));
  }
}

}  // namespace spreadable
