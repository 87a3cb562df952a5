// The part of a run that makes the masters list, and what follows from it.
#include <algorithm>
#include <utility>

#include "services/sync/round.h"

namespace spreadable {
namespace {

/// Masters that a peer may name, nobody else does, and that do not answer.
constexpr std::size_t kInventedMax = 2;

}  // namespace

void Sync::Round::update_masters() {
  if (node_.peers().view()->is_master()) {
    update_masters_as_master();
  } else {
    update_masters_as_slave();
  }
}

void Sync::Round::update_masters_as_master() {
  const auto view = node_.peers().view();
  const std::set<Address> inventors = find_inventors();
  std::vector<MasterEntry> masters;
  KnownLists::Lists lists;
  const std::vector<Address> surplus = find_surplus_masters();
  for (const auto& [peer, structure] : fetched_) {
    if (structure->slaves.empty()) continue;
    const bool is_claimant = !view->find_master(peer) && node_.book().is_native(peer);
    if (is_calm() && is_claimant && (inventors.contains(peer) || is_contradicted(*structure))) {
      continue;  // no master before it tells the truth
    }
    if (std::binary_search(surplus.begin(), surplus.end(), peer)) continue;
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
  sync_.knows_lists_ = has_asked_masters_;
  note_calm();
  judge_lists(inventors);
}

/// In either role, so that a slave which becomes a master need not believe everybody at first.
void Sync::Round::note_calm() {
  const auto view = node_.peers().view();
  if (Corroboration::agree(view->masters, sync_.calm_masters_)) return;
  sync_.calm_masters_ = view->masters;
  sync_.calm_since_ = node_.clock().now();
}

bool Sync::Round::is_calm() const {
  const Duration patience = sync_.options_.calm_intervals * sync_.options_.interval;
  return !sync_.calm_masters_.empty() && node_.clock().now() - sync_.calm_since_ > patience;
}

std::set<Address> Sync::Round::find_inventors() const {
  const auto view = node_.peers().view();
  std::map<Address, std::vector<Address>> namers;  // of masters that only others know
  for (const auto& [peer, structure] : fetched_) {
    if (structure->is_links_only || structure->masters == view->masters) continue;
    for (const MasterEntry& entry : structure->masters) {
      if (view->find_master(entry.address) || fetched_.contains(entry.address)) continue;
      if (node_.access().check_lists(entry.address)) namers[entry.address].push_back(peer);
    }
  }
  std::map<Address, std::size_t> invented;
  for (const auto& [master, peers] : namers) {
    if (peers.size() == 1) ++invented[peers.front()];
  }
  std::set<Address> inventors;
  for (const auto& [peer, count] : invented) {
    if (count > kInventedMax) inventors.insert(peer);
  }
  return inventors;
}

/// The halves of a network that was cut in two tell of masters that are new to each other as well,
/// but these are there, and theirs is most of what is told. Who knows hardly anybody is a newcomer.
bool Sync::Round::is_contradicted(const Structure& claimant) const {
  constexpr std::size_t kNewcomersMasters = 2;
  const auto view = node_.peers().view();
  if (claimant.masters.size() <= kNewcomersMasters ||
      Corroboration::agree(view->masters, claimant.masters)) {
    return false;
  }
  if (!Corroboration::agree_on_common(view->masters, claimant.masters)) return true;
  std::size_t new_to_us = 0;  // nodes in lists of masters that are there
  for (const MasterEntry& entry : claimant.masters) {
    const bool is_new = !view->find_master(entry.address) && entry.address != claimant.address;
    if (is_new && fetched_.contains(entry.address)) new_to_us += entry.size;
  }
  return static_cast<double>(new_to_us) <=
         Corroboration::kUnnamedMax * static_cast<double>(claimant.masters.total());
}

std::vector<Address> Sync::Round::find_surplus_masters() const {
  const auto view = node_.peers().view();
  std::vector<IpQuota::Listing> listings{{node_.address(), view->slaves}};
  for (const auto& [peer, structure] : fetched_) {
    if (!structure->slaves.empty()) listings.push_back({peer, structure->slaves});
  }
  std::vector<Address> surplus = sync_.ip_quota_->surplus_masters(listings);
  std::erase_if(surplus, [&](const Address& master) { return !node_.book().is_native(master); });
  return surplus;
}

/// All masters fetch all lists themselves and their slaves copy what they say, so in a network that
/// has been calm for long everybody tells the same. Which masters there are may differ by a few,
/// since each node bans by itself; so only quite another network counts, and masters that nobody
/// else names and that do not answer.
void Sync::Round::judge_lists(const std::set<Address>& inventors) {
  if (!is_calm()) return;
  const auto view = node_.peers().view();
  for (const auto& [peer, structure] : fetched_) {
    if (structure->masters.empty() || structure->is_links_only) continue;
    // The rest copies from masters of which we know nothing.
    if (!view->find_master(peer) && !view->has_slave(peer)) continue;
    if (!node_.book().is_native(peer)) continue;
    const bool is_right =
        !inventors.contains(peer) && Corroboration::agree(view->masters, structure->masters);
    tell(conduct::kMasterLists, peer, is_right ? 0 : 1);
    if (!is_right) sync_.read_slaves_.erase(peer);  // let us see that again
  }
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

std::vector<std::shared_ptr<const Structure>> Sync::Round::opinions(
    const std::shared_ptr<const Structure>& own) const {
  std::vector<std::shared_ptr<const Structure>> opinions;
  for (const auto& [peer, structure] : fetched_) {
    const bool is_masters = !structure->slaves.empty() && !structure->is_links_only;
    if (is_masters && structure != own) opinions.push_back(structure);
  }
  const auto is_larger = [](const auto& a, const auto& b) {
    return a->network_size() > b->network_size();
  };
  std::stable_sort(opinions.begin(), opinions.end(), is_larger);
  opinions.resize(std::min(opinions.size(), Corroboration::kOpinionsMax));
  opinions.insert(std::lower_bound(opinions.begin(), opinions.end(), own, is_larger), own);
  return opinions;
}

std::vector<Address> Sync::Round::some_of(const MasterList& masters, const Address& teller) const {
  std::vector<Address> some;
  for (const MasterEntry& master : masters) {
    if (master.address != teller && master.address != node_.address()) {
      some.push_back(master.address);
    }
  }
  node_.random().shuffle(some);
  some.resize(std::min(some.size(), Corroboration::kWitnesses));
  return some;
}

bool Sync::Round::is_borne_out(const Structure& opinion) {
  const std::vector<Address> named = some_of(opinion.masters, opinion.address);
  fetch(named);
  const auto right = std::count_if(named.begin(), named.end(), [&](const Address& master) {
    const Structure* structure = find(master);
    return structure &&
           Corroboration::agree(opinion.masters.find(master)->size, structure->slaves.size());
  });
  return Corroboration::is_majority(static_cast<std::size_t>(right), named.size());
}

MasterList Sync::Round::corroborated(const std::shared_ptr<const Structure>& own) {
  Corroboration& corroboration = sync_.corroboration_;
  const MasterList known = node_.peers().view()->masters;
  const auto differs = [&](const auto& opinion) {
    return !Corroboration::agree(own->masters, opinion->masters);
  };
  std::vector<std::shared_ptr<const Structure>> heard = opinions(own);
  const bool is_surprising = corroboration.is_surprising(own->masters);
  if (!is_surprising && std::none_of(heard.begin(), heard.end(), differs)) {
    if (heard.size() > 1) corroboration.note_agreement(own->masters);
    return own->masters;
  }
  fetch(some_of(known, own->address));
  fetch(some_of(own->masters, own->address));
  heard = opinions(own);
  const auto best = std::find_if(heard.begin(), heard.end(),
                                 [&](const auto& opinion) { return is_borne_out(*opinion); });
  if (best != heard.end() && !differs(*best)) {
    corroboration.note_agreement(own->masters);
    return own->masters;
  }
  // Should nobody be borne out, nothing is known to be better than what was believed so far.
  const MasterList believed = best == heard.end() ? known : (*best)->masters;
  corroboration.note_contradiction(own->address, believed, node_.clock().now());
  leave_contradicted(*own, believed);
  return believed;
}

void Sync::Round::leave_contradicted(const Structure& own, const MasterList& believed) {
  const Duration patience = sync_.options_.calm_intervals * sync_.options_.interval;
  if (!sync_.corroboration_.is_contradicted_for(patience, node_.clock().now())) return;
  std::vector<Address> others;
  for (const MasterEntry& master : believed) {
    const bool is_other = master.address != own.address && master.address != node_.address();
    if (is_other && sync_.is_suitable_master(master.address)) others.push_back(master.address);
  }
  if (others.empty()) return;
  node_.logger().warn("sync: " + own.address.text() + " tells of a network of " +
                      std::to_string(own.network_size()) + " nodes, which is one of " +
                      std::to_string(believed.total()) + "; leaving it");
  sync_.move_to_ = others[node_.random().below(others.size())];
}

void Sync::Round::update_masters_as_slave() {
  const auto view = node_.peers().view();
  const std::shared_ptr<const Structure> own = best_source();
  MasterList masters = view->masters;
  // Who has lost its master asks whom it can; a network that has shrunk would be no wonder then.
  const bool is_doubtful =
      own && (view->is_registered() ||
              (sync_.corroboration_.has_confirmed() && own->network_size() > view->network_size()));
  if (own) masters = is_doubtful ? corroborated(own) : own->masters;
  KnownLists::Lists lists;
  if (own && !own->slaves.empty()) {
    masters = masters.with({own->address, own->slaves.size()});
    lists.emplace(own->address, KnownLists::List(own, &own->slaves));
  }
  masters = masters.without([&](const MasterEntry& entry) {
    if (!node_.access().check_lists(entry.address)) return true;  // our master may not know yet
    return !view->is_registered() && asked_.contains(entry.address) &&
           !fetched_.contains(entry.address);
  });
  node_.known_lists().update(std::move(lists), node_.clock().now());
  node_.peers().set_masters(std::move(masters));
  sync_.knows_lists_ = false;
  note_calm();
}

}  // namespace spreadable
