#include "core/peer_table.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace spreadable {
namespace {

/// Makes the node's own entry among the masters tell the length of its slave list.
void refresh_own_entry(PeerView& view) {
  if (!view.slaves.empty()) {
    view.masters = view.masters.with({view.self, view.slaves.size()});
  } else if (view.find_master(view.self)) {
    view.masters =
        view.masters.without([&](const MasterEntry& entry) { return entry.address == view.self; });
  }
}

}  // namespace

std::size_t PeerView::network_size() const {
  return std::max<std::size_t>(masters.total(), 1);
}

bool PeerView::has_slave(const Address& address) const {
  return std::find(slaves.begin(), slaves.end(), address) != slaves.end();
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

void PeerTable::set_masters(MasterList masters) {
  const auto known = view();
  if (known->slaves.empty() && known->masters == masters) {  // most often
    // Its copy is shared with whoever has heard the same, and ours may be with nobody.
    const MutexLock lock(mutex_);
    if (view_ != known || known->masters.begin() == masters.begin()) return;
    PeerView same = *known;
    same.masters = std::move(masters);
    view_ = std::make_shared<const PeerView>(std::move(same));
    return;
  }
  masters = masters.without(
      [&](const MasterEntry& entry) { return entry.size == 0 || entry.address == self_; });
  change(Change::Kind::masters, Address(), [&](PeerView& view) {
    const MasterList before = std::exchange(view.masters, masters);
    refresh_own_entry(view);
    return view.masters != before;
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
