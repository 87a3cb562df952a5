#include "core/peer_table.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace spreadable {
namespace {

bool by_address(const MasterEntry& a, const MasterEntry& b) {
  return a.address < b.address;
}

/// Makes the node's own entry among the masters tell the length of its slave list.
void refresh_own_entry(PeerView& view) {
  std::erase_if(view.masters, [&](const MasterEntry& entry) { return entry.address == view.self; });
  if (view.slaves.empty()) return;
  const MasterEntry own{view.self, view.slaves.size()};
  view.masters.insert(std::lower_bound(view.masters.begin(), view.masters.end(), own, by_address),
                      own);
}

}  // namespace

std::size_t PeerView::network_size() const {
  std::size_t size = 0;
  for (const MasterEntry& master : masters) size += master.size;
  return std::max<std::size_t>(size, 1);
}

bool PeerView::has_slave(const Address& address) const {
  return std::find(slaves.begin(), slaves.end(), address) != slaves.end();
}

const MasterEntry* PeerView::find_master(const Address& address) const {
  const auto it =
      std::lower_bound(masters.begin(), masters.end(), MasterEntry{address, 0}, by_address);
  return it != masters.end() && it->address == address ? &*it : nullptr;
}

PeerTable::PeerTable(Address self, Observer observer)
    : self_(std::move(self)), observer_(std::move(observer)) {
  PeerView view;
  view.self = self_;
  view_ = std::make_shared<const PeerView>(std::move(view));
}

std::shared_ptr<const PeerView> PeerTable::view() const {
  const MutexLock lock(mutex_);
  return view_;
}

bool PeerTable::change(Change::Kind kind, const Address& peer,
                       const std::function<bool(PeerView&)>& edit) {
  Change change{kind, peer, nullptr, nullptr};
  {
    const MutexLock lock(mutex_);
    PeerView next = *view_;
    if (!edit(next)) return false;
    refresh_own_entry(next);
    ++next.revision;
    change.before = std::exchange(view_, std::make_shared<const PeerView>(std::move(next)));
    change.after = view_;
  }
  if (observer_) observer_(change);
  return true;
}

void PeerTable::set_masters(std::vector<MasterEntry> masters) {
  std::erase_if(
      masters, [&](const MasterEntry& entry) { return entry.size == 0 || entry.address == self_; });
  std::sort(masters.begin(), masters.end(), by_address);
  masters.erase(std::unique(masters.begin(), masters.end(),
                            [](const MasterEntry& a, const MasterEntry& b) {
                              return a.address == b.address;
                            }),
                masters.end());
  change(Change::Kind::masters, Address(), [&](PeerView& view) {
    std::vector<MasterEntry> others = view.masters;
    std::erase_if(others, [&](const MasterEntry& entry) { return entry.address == self_; });
    if (others == masters) return false;
    view.masters = std::move(masters);
    return true;
  });
}

std::size_t PeerTable::add_slave(const Address& address) {
  SPREADABLE_ASSERT(address != self_);
  change(Change::Kind::slave_added, address, [&](PeerView& view) {
    if (view.has_slave(address)) return false;
    view.slaves.push_back(address);
    return true;
  });
  return view()->slaves.size();
}

bool PeerTable::remove_slave(const Address& address) {
  return change(Change::Kind::slave_removed, address,
                [&](PeerView& view) { return std::erase(view.slaves, address) > 0; });
}

void PeerTable::set_backlink(const Address& address) {
  SPREADABLE_ASSERT(address != self_);
  change(Change::Kind::backlink_set, address, [&](PeerView& view) {
    if (view.backlink == address) return false;
    view.backlink = address;
    return true;
  });
}

bool PeerTable::clear_backlink(const Address& address) {
  return change(Change::Kind::backlink_cleared, address, [&](PeerView& view) {
    if (view.backlink != address) return false;
    view.backlink.reset();
    return true;
  });
}

}  // namespace spreadable
