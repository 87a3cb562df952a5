#include "services/sync/structure.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/schema.h"
#include "core/transport.h"

namespace spreadable {
namespace {

const Schema& structure_schema() {
  static const Schema entry = schema::object({{"address", schema::address()}});
  static const Schema master =
      schema::object({{"address", schema::address()},
                      {"size", schema::integer({.min = 0, .max = Transport::kGroupMax})}});
  static const schema::ArrayLimits list{.items_max = Transport::kGroupMax, .unique_by = "address"};
  static const Schema structure =
      schema::object({{"address", schema::address()},
                      {"backlink", schema::any_of({schema::null(), entry})},
                      {"slaves", schema::array(entry, list)},
                      {"masters", schema::array(master, list)}});
  return structure;
}

Address address_in(const Json& entry) {
  return *Address::parse(entry["address"].get_ref<const std::string&>());
}

}  // namespace

bool Structure::has_slave(const Address& wanted) const {
  return std::find(slaves.begin(), slaves.end(), wanted) != slaves.end();
}

bool Structure::has_master(const Address& wanted) const {
  return std::any_of(masters.begin(), masters.end(),
                     [&](const MasterEntry& entry) { return entry.address == wanted; });
}

std::size_t Structure::network_size() const {
  return std::accumulate(
      masters.begin(), masters.end(), std::size_t{0},
      [](std::size_t sum, const MasterEntry& entry) { return sum + entry.size; });
}

Json structure_json(const PeerView& view) {
  Json slaves = Json::array();
  for (const Address& slave : view.slaves) slaves.push_back({{"address", slave.text()}});
  Json masters = Json::array();
  for (const MasterEntry& master : view.masters) {
    masters.push_back({{"address", master.address.text()}, {"size", master.size}});
  }
  Json json{{"address", view.self.text()},
            {"backlink", nullptr},
            {"slaves", std::move(slaves)},
            {"masters", std::move(masters)}};
  if (view.backlink) json["backlink"] = {{"address", view.backlink->text()}};
  return json;
}

Result<Structure> parse_structure(const Json& json) {
  if (Result<void> passed = structure_schema().check(json); !passed) {
    return Error{Errc::bad_response, passed.error().message, passed.error().wire_code};
  }
  Structure structure;
  structure.address = address_in(json);
  if (!json["backlink"].is_null()) structure.backlink = address_in(json["backlink"]);
  for (const Json& slave : json["slaves"]) structure.slaves.push_back(address_in(slave));
  for (const Json& master : json["masters"]) {
    structure.masters.push_back({address_in(master), master["size"].get<std::size_t>()});
  }
  return structure;
}

}  // namespace spreadable
