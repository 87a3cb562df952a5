#include "services/sync/balance.h"

#include <algorithm>

namespace spreadable {
namespace {

/// Whether `view.self` is beyond the masters that the network needs, ranked by size and then
/// address.
bool is_surplus(const PeerView& view, std::size_t masters_limit) {
  if (view.masters.size() <= masters_limit) return false;
  const MasterEntry* own = view.find_master(view.self);
  const auto before_own = [&](const MasterEntry& other) {
    return other.size != own->size ? other.size > own->size : other.address < own->address;
  };
  const auto rank = std::count_if(view.masters.begin(), view.masters.end(), before_own);
  return static_cast<std::size_t>(rank) >= masters_limit;
}

std::size_t room_elsewhere(const PeerView& view, std::size_t limit) {
  std::size_t room = 0;
  for (const MasterEntry& master : view.masters) {
    if (master.address != view.self && master.size < limit) room += limit - master.size;
  }
  return room;
}

}  // namespace

std::vector<Address> slaves_to_move(const PeerView& view, const Topology& topology) {
  if (!view.is_master()) return {};
  const std::size_t size = view.network_size();
  const std::size_t limit = topology.list_limit(size);
  if (is_surplus(view, topology.masters_limit(size)) &&
      room_elsewhere(view, limit) >= view.slaves.size()) {
    return view.slaves;
  }
  if (view.slaves.size() <= limit) return {};
  // The youngest go: they have built least on being here.
  return {view.slaves.begin() + static_cast<std::ptrdiff_t>(limit), view.slaves.end()};
}

}  // namespace spreadable
