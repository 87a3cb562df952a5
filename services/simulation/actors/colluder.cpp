#include "services/simulation/actors/colluder.h"

#include <string>

#include "core/coverage.h"
#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::size_t kNamed = 3;  // masters that a newcomer is sent to

}  // namespace

bool Colluder::is_member(const Json& entry) const {
  if (!entry.is_object() || !entry.contains("address") || !entry["address"].is_string()) {
    return false;
  }
  const auto address = Address::parse(entry["address"].get_ref<const std::string&>());
  return address && ring_->contains(*address);
}

void Colluder::keep_members(Json& list) const {
  Json kept = Json::array();
  for (Json& entry : list) {
    if (is_member(entry)) kept.push_back(std::move(entry));
  }
  list = std::move(kept);
}

HttpResponse Colluder::answer(HttpRequest request) {
  const bool is_of_master = is_master_stage(request);
  HttpResponse response = Actor::answer(std::move(request));
  if (const auto header = response.headers.find(wire::kCoverage); header && is_of_master) {
    if (auto coverage = Coverage::from_header(*header)) {
      coverage->answered = coverage->asked;
      coverage->silent.clear();
      response.headers.set(wire::kCoverage, coverage->to_header());
    }
  }
  return response;
}

void Colluder::falsify(const HttpRequest& asked, Json& body) {
  if (is_structure(asked) && body.is_object()) {
    keep_members(body["masters"]);
    keep_members(body["slaves"]);
    // Its own entry must tell the length of the list that it shows, or it would be caught at once.
    Json& masters = body["masters"];
    for (std::size_t i = 0; i < masters.size(); ++i) {
      if (masters[i]["address"] != node().address().text()) continue;
      masters[i]["size"] = body["slaves"].size();
      if (body["slaves"].empty()) masters.erase(i);
      break;
    }
  } else if (is_provide_registration(asked) && body.is_object()) {
    Json results = Json::array();
    for (const Address& member : *ring_) {
      if (results.size() == kNamed) break;
      const Json entry{{"address", member.text()}};
      results.push_back({{"address", member.text()},
                         {"networkSize", ring_->size()},
                         {"candidates", Json::array({entry})}});
    }
    body["results"] = std::move(results);
  } else if (is_master_stage(asked) && body.is_array()) {
    keep_members(body);
  }
}

}  // namespace spreadable
