// The part of a run that makes the masters list, and what follows from it.
#include <algorithm>
#include <utility>

#include "services/sync/round.h"

namespace spreadable {

void Sync::Round::update_masters() {
  if (node_.peers().view()->is_master()) {
    update_masters_as_master();
  } else {
    update_masters_as_slave();
  }
}

void Sync::Round::update_masters_as_master() {
  const auto view = node_.peers().view();
  std::vector<MasterEntry> masters;
  KnownLists::Lists lists;
  for (const auto& [peer, structure] : fetched_) {
    if (structure->slaves.empty()) continue;
    masters.push_back({peer, structure->slaves.size()});
    lists.emplace(peer, KnownLists::List(structure, &structure->slaves));
    sync_.placement_->note_kept(structure->slaves, peer);
  }
  for (const MasterEntry& master : view->masters) {
    if (fetched_.contains(master.address) || master.address == node_.address()) continue;
    // Longer than its slaves wait for it: until they are in other lists they can be reached through
    // this one alone.
    if (is_lost(master.address, /*patience=*/2)) {
      // Its slaves look for a place now; should they not find one, we find them.
      if (const auto list = node_.known_lists().find(master.address)) mention_some(*list);
      continue;
    }
    masters.push_back(master);  // silent, but not yet for long
  }
  node_.known_lists().update(std::move(lists), node_.clock().now());
  node_.peers().set_masters(std::move(masters));
}

/// Masters that are not of ours know only whom their own links lead to. Two of them that are each
/// other's master never look further, so when such a one goes on without us in its list, one of us
/// joins it: from then on it learns of everybody through us.
void Sync::Round::mend_split() {
  const auto view = node_.peers().view();
  auto& ignored_since = sync_.ignored_since_;
  const TimePoint now = node_.clock().now();
  std::map<Address, TimePoint> ignored;
  std::size_t natives = 1;
  for (const auto& [peer, structure] : fetched_) {
    if (structure->slaves.empty()) continue;
    if (node_.book().is_native(peer)) {
      ++natives;
      continue;
    }
    if (structure->has_master(node_.address()) || view->has_slave(peer) || view->backlink == peer)
      continue;
    const auto before = ignored_since.find(peer);
    ignored[peer] = before == ignored_since.end() ? now : before->second;
  }
  ignored_since = view->is_master() ? std::move(ignored) : std::map<Address, TimePoint>();
  const Duration patience = sync_.options_.split_intervals * sync_.options_.interval;
  for (const auto& [peer, since] : ignored_since) {
    // One of us is enough; who it is, is left to chance.
    if (now - since < patience || node_.random().below(natives) != 0) continue;
    node_.logger().info("sync: " + peer.text() + " does not know this master; joining it");
    sync_.move_to_ = peer;
    ignored_since.clear();
    return;
  }
}

/// A slave is where its master is. If that has been left behind by the network, so is the slave,
/// until it looks for itself.
void Sync::Round::leave_isolation() {
  const auto view = node_.peers().view();
  Isolation& isolation = sync_.isolation_;
  if (view->is_master() || !view->backlink) return;
  const TimePoint now = node_.clock().now();
  isolation.note_size(view->network_size(), now);
  if (!isolation.is_shrunk()) return;
  const Structure* own = find(*view->backlink);
  std::vector<Address> outside;
  for (const auto& [peer, structure] : fetched_) {
    const bool is_inside = peer == *view->backlink || (own && own->has_slave(peer));
    const bool is_somewhere = structure->backlink || !structure->slaves.empty();
    if (is_inside || !is_somewhere || structure->network_size() <= view->network_size()) continue;
    const bool knows_our_master = structure->has_master(*view->backlink);
    isolation.note_peer(peer, knows_our_master, now);
    if (knows_our_master) continue;
    for (const MasterEntry& master : structure->masters) {
      if (sync_.is_suitable_master(master.address)) outside.push_back(master.address);
    }
  }
  if (outside.empty() || !isolation.is_cut_off(sync_.options_.interval, now)) return;
  node_.logger().warn("sync: the network has left " + view->backlink->text() + " behind");
  sync_.move_to_ = outside[node_.random().below(outside.size())];
  isolation.start_over();
}

std::shared_ptr<const Structure> Sync::Round::best_source() const {
  const auto view = node_.peers().view();
  if (view->backlink) {
    const auto master = fetched_.find(*view->backlink);
    return master == fetched_.end() ? nullptr : master->second;
  }
  // Whoever is in the network itself will do; one that has lost its master as well would only
  // repeat what we know to be over.
  std::shared_ptr<const Structure> best;
  for (const auto& [peer, structure] : fetched_) {
    if (!structure->backlink && structure->slaves.empty()) continue;
    if (!best || structure->masters.size() > best->masters.size()) best = structure;
  }
  return best;
}

void Sync::Round::update_masters_as_slave() {
  const auto view = node_.peers().view();
  const std::shared_ptr<const Structure> source = best_source();
  std::vector<MasterEntry> masters = source ? source->masters : view->masters;
  KnownLists::Lists lists;
  if (source && !source->slaves.empty()) {
    std::erase_if(masters,
                  [&](const MasterEntry& entry) { return entry.address == source->address; });
    masters.push_back({source->address, source->slaves.size()});
    lists.emplace(source->address, KnownLists::List(source, &source->slaves));
  }
  std::erase_if(masters, [&](const MasterEntry& entry) {  // our master may not know yet
    return !node_.access().check_lists(entry.address);
  });
  if (!view->is_registered()) {
    std::erase_if(masters, [&](const MasterEntry& entry) {
      return asked_.contains(entry.address) && !fetched_.contains(entry.address);
    });
  }
  node_.known_lists().update(std::move(lists), node_.clock().now());
  node_.peers().set_masters(std::move(masters));
}

}  // namespace spreadable
