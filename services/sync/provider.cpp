#include "services/sync/provider.h"

#include <algorithm>
#include <utility>

#include "core/wire.h"

namespace spreadable {
namespace {

bool contains(const std::vector<Address>& list, const Address& address) {
  return std::find(list.begin(), list.end(), address) != list.end();
}

}  // namespace

Sync::Provider::Provider(Sync& sync)
    : sync_(sync), node_(sync.node()), view_(node_.peers().view()) {}

Placement::Answer Sync::Provider::place(const Address& joiner, bool is_native, Deadline deadline) {
  if (!is_native) return place_foreign(joiner, deadline);
  const std::vector<Address> spares = sync_.spare_masters();
  return sync_.placement_->place(
      {.joiner = joiner,
       .view = *view_,
       .spares = spares,
       .is_excluded = [&](const Address& address) { return node_.book().fails(address) > 0; }});
}

Placement::Answer Sync::Provider::place_foreign(const Address& joiner, Deadline deadline) {
  const KnownLists::Lists lists =
      view_->is_master() ? known_lists() : fetch_lists(joiner, deadline);
  const auto own = lists.find(joiner);
  std::vector<Address> spares = sync_.spare_masters();
  for (const auto& [master, slaves] : lists) {
    if (master != joiner) spares.insert(spares.end(), slaves->begin(), slaves->end());
  }
  Placement::Answer answer =
      sync_.placement_->place({.joiner = joiner,
                               .view = *view_,
                               .spares = spares,
                               .is_excluded = [&](const Address& address) {
                                 return node_.book().fails(address) > 0 ||
                                        (own != lists.end() && contains(*own->second, address));
                               }});
  // It would choose by chance, and ours is the better choice; but what a master has for slaves
  // only itself knows for sure.
  if (!view_->find_master(joiner) && !answer.masters.empty()) answer.masters.resize(1);
  return answer;
}

KnownLists::Lists Sync::Provider::known_lists() const {
  KnownLists::Lists lists;
  for (const MasterEntry& master : view_->masters) {
    if (const auto list = node_.known_lists().find(master.address)) {
      lists.emplace(master.address, list);
    }
  }
  return lists;
}

KnownLists::Lists Sync::Provider::fetch_lists(const Address& joiner, Deadline deadline) const {
  std::vector<PeerRequest> requests;
  const auto ask = [&](const Address& peer) {
    requests.push_back({.to = peer,
                        .path = std::string(wire::kNodeRoute) + "structure",
                        .has_budget = false,
                        .is_raw = true});
  };
  ask(joiner);
  for (const MasterEntry& master : view_->masters) {
    if (master.address != joiner && requests.size() < Transport::kGroupMax) ask(master.address);
  }
  const auto replies =
      node_.outbound().request_group(requests, deadline.at_most(sync_.step_deadline()));
  KnownLists::Lists lists = known_lists();
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i]) continue;
    if (Result<Structure> structure = parse_structure(replies[i]->text)) {
      lists[requests[i].to] =
          std::make_shared<const std::vector<Address>>(std::move(structure->slaves));
    }
  }
  return lists;
}

}  // namespace spreadable
