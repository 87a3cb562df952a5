// What a peer says about its lists, about the network's map, and about itself under its key.
#include "services/sync/structure.h"

#include <algorithm>
#include <set>

#include "core/network_map.h"
#include "core/transport.h"
#include "services/identity/record.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

PeerView view_of(const Structure& structure) {
  PeerView view;
  view.self = structure.address;
  view.masters = structure.masters;
  view.slaves = structure.slaves;
  view.backlink = structure.backlink;
  return view;
}

void check_structure(std::string_view text) {
  const Result<Structure> structure = parse_structure(text);
  if (!structure) return fuzz::check_error(structure.error(), {Errc::bad_response});
  SPREADABLE_ASSERT(structure->slaves.size() <= Transport::kGroupMax);
  SPREADABLE_ASSERT(structure->masters.size() <= Transport::kGroupMax);
  SPREADABLE_ASSERT(structure->network_size() <= Transport::kGroupMax * Transport::kGroupMax);
  const std::set<Address> distinct(structure->slaves.begin(), structure->slaves.end());
  SPREADABLE_ASSERT(distinct.size() == structure->slaves.size());
  const Result<Structure> again = parse_structure(structure_text(view_of(*structure)));
  SPREADABLE_ASSERT(again && again->address == structure->address);
  SPREADABLE_ASSERT(again->slaves == structure->slaves && again->masters == structure->masters);
  SPREADABLE_ASSERT(again->backlink == structure->backlink);
}

void check_map(const Json& json) {
  const Result<std::vector<MapEntry>> entries = NetworkMapAction::parse(json);
  if (!entries) return fuzz::check_error(entries.error(), {Errc::bad_response});
  SPREADABLE_ASSERT(entries->size() <= json.size());
  for (const MapEntry& entry : *entries) {
    const Json backlink = entry.backlink.is_empty() ? Json() : Json(entry.backlink.text());
    const auto again = NetworkMapAction::parse_entry(
        {{"address", entry.address.text()}, {"backlink", backlink}, {"slaves", entry.slaves}});
    SPREADABLE_ASSERT(again && again->address == entry.address);
    SPREADABLE_ASSERT(again->backlink == entry.backlink && again->slaves == entry.slaves);
  }
  SPREADABLE_ASSERT(
      std::is_sorted(entries->begin(), entries->end(),
                     [](const MapEntry& a, const MapEntry& b) { return a.address < b.address; }));
}

/// Nobody but the owner of a key can say anything under it: a record that is true is so as it
/// stands.
void check_record(const Json& json) {
  static const Json record =
      NodeRecord::sign(*Address::parse("node.example:1"), PrivateKey::generate(), "coverage");
  SPREADABLE_ASSERT(!NodeRecord::parse(json));
  Json other = record;
  other.merge_patch(json);
  const Result<NodeRecord> read = NodeRecord::parse(other);
  SPREADABLE_ASSERT(read.has_value() == (other == record));
  if (!read) fuzz::check_error(read.error(), {Errc::bad_response});
}

}  // namespace

void fuzz::run(std::string_view input) {
  check_structure(input);
  const Result<Json> json = parse_json(input);
  if (!json) return;
  check_map(*json);
  check_record(*json);
}

}  // namespace spreadable
