#include "services/sync/round.h"

#include <algorithm>
#include <utility>

#include "core/wire.h"

namespace spreadable {
namespace {

/// A chain of masters that know each other is followed this far in one run; the rest comes in the
/// next.
constexpr int kHopsMax = 3;
/// A peer outside of all lists that has failed this often in a row, with growing pauses, is
/// forgotten.
constexpr unsigned kFailsMax = 8;
/// A slave asks a master other than its own once in so many runs.
constexpr std::size_t kAcquaintancePeriod = 8;
/// Nodes of one foreign list to remember.
constexpr std::size_t kMentionedMax = 8;

void append(std::vector<Address>& to, const std::vector<Address>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Sync::Round::Round(Sync& sync) : sync_(sync), node_(sync.node()) {}

void Sync::Round::run() {
  recall();
  fetch_all();
  check_backlink();
  check_slaves();
  update_masters();
  mend_split();
  leave_isolation();
  forget_strangers();
}

void Sync::Round::forget_strangers() {
  const MutexLock lock(sync_.mutex_);
  std::erase_if(sync_.memory_.misses,
                [&](const auto& item) { return !asked_.contains(item.first); });
  const auto view = node_.peers().view();
  std::erase_if(sync_.told_at_,
                [&](const auto& item) { return !asked_.contains(item.first.second); });
  std::erase_if(sync_.memory_.slave_since,
                [&](const auto& item) { return !view->has_slave(item.first); });
}

const Structure* Sync::Round::find(const Address& peer) const {
  const auto it = fetched_.find(peer);
  return it == fetched_.end() ? nullptr : &it->second;
}

bool Sync::Round::is_lost(const Address& peer) const {
  const MutexLock lock(sync_.mutex_);
  const auto it = sync_.memory_.misses.find(peer);
  if (it == sync_.memory_.misses.end() || it->second.runs < sync_.options_.misses_max) return false;
  // Our quick runs are too quick for others: a busy node of theirs is not a dead one.
  if (it->second.is_refused || node_.book().is_native(peer)) return true;
  return node_.clock().now() - it->second.since >=
         sync_.options_.foreign_silence_intervals * sync_.options_.interval;
}

void Sync::Round::note_answer(const Address& peer, const Result<PeerReply>& reply) {
  Result<Structure> structure =
      reply ? parse_structure(reply->body) : Result<Structure>(reply.error());
  if (reply && !structure) {
    node_.conducts().tell(
        {.kind = conduct::kResponseSchema, .peer = peer, .is_good = false, .is_provable = true});
  }
  if (!structure) {
    node_.logger().debug("sync: no structure of " + peer.text() + ": " + structure.error().message);
    const MutexLock lock(sync_.mutex_);
    Silence& silence = sync_.memory_.misses[peer];
    if (silence.runs++ == 0) silence.since = node_.clock().now();
    const Errc code = structure.error().code;
    silence.is_refused = code == Errc::unreachable;
    // Whom our own lists refuse, or who makes no sense, needs no second chance here.
    const bool is_senseless = reply.has_value();
    if (code == Errc::denied || is_senseless)
      silence = {sync_.options_.misses_max, silence.since, true};
    return;
  }
  fetched_.emplace(peer, std::move(*structure));
  {
    const MutexLock lock(sync_.mutex_);
    sync_.memory_.misses.erase(peer);
  }
  if (const std::string* to = reply->headers.find(wire::kMoveTo)) {
    if (const Result<Address> address = Address::parse(*to);
        address && peer == node_.peers().view()->backlink) {
      sync_.move_to_ = *address;
    }
  }
}

void Sync::Round::fetch(const std::vector<Address>& peers) {
  std::vector<PeerRequest> requests;
  for (const Address& peer : peers) {
    if (peer == node_.address() || !asked_.insert(peer).second) continue;
    if (requests.size() == Transport::kGroupMax) break;
    requests.push_back(
        {.to = peer, .path = std::string(wire::kNodeRoute) + "structure", .has_budget = false});
  }
  if (requests.empty() || sync_.is_stopping_) return;
  const auto replies = node_.outbound().request_group(requests, sync_.step_deadline());
  for (std::size_t i = 0; i < replies.size(); ++i) note_answer(requests[i].to, replies[i]);
}

void Sync::Round::recall() {
  if (sync_.remembered_.empty()) return;
  std::vector<Address> peers;
  for (const PeerRecord& record : sync_.remembered_) {
    if (record.is_slave || record.is_backlink) peers.push_back(record.address);
  }
  fetch(peers);
  for (const PeerRecord& record : sync_.remembered_) {
    const Structure* structure = find(record.address);
    if (!structure) continue;
    if (record.is_slave && structure->backlink == node_.address()) {
      sync_.note_slave(record.address);
    }
    if (record.is_backlink && structure->has_slave(node_.address())) {
      node_.peers().set_backlink(record.address);
    }
  }
  sync_.remembered_.clear();
}

std::vector<Address> Sync::Round::peers_to_explore() const {
  const auto view = node_.peers().view();
  // A slave knows only its own master's list, so it cannot tell who has been forgotten by all.
  if (!view->is_master() && view->is_registered() && !sync_.isolation_.is_shrunk()) return {};
  std::set<Address> listed(view->slaves.begin(), view->slaves.end());
  for (const MasterEntry& master : view->masters) {
    listed.insert(master.address);
    if (const auto list = node_.known_lists().find(master.address)) {
      listed.insert(list->begin(), list->end());
    }
  }
  std::vector<Address> peers;
  for (const PeerBook::Entry& entry : node_.book().entries()) {
    if (entry.address == node_.address() || listed.contains(entry.address)) continue;
    if (entry.fails >= kFailsMax) {
      node_.book().forget(entry.address);
      continue;
    }
    const Duration pause = sync_.options_.interval * (1 << entry.fails) / 2;
    if (entry.fails == 0 || node_.clock().now() >= entry.tried_at + pause) {
      peers.push_back(entry.address);
    }
  }
  node_.random().shuffle(
      peers);  // or those that answer without being of use would keep out the others
  peers.resize(std::min(peers.size(), sync_.options_.explore_max));
  return peers;
}

std::vector<Address> Sync::Round::masters_to_ask() const {
  const auto view = node_.peers().view();
  std::vector<Address> masters;
  for (const MasterEntry& master : view->masters) masters.push_back(master.address);
  if (view->is_master()) return masters;
  node_.random().shuffle(masters);
  std::size_t count = sync_.options_.providers_max;
  if (view->is_registered()) {
    // A slave relies on its master. Now and then it gets to know nodes that are in other lists, for
    // the day when all it knows are gone.
    const bool is_due = sync_.quiet_runs_ == 1 || node_.random().below(kAcquaintancePeriod) == 0;
    count = is_due ? 1 : 0;
  }
  masters.resize(std::min(masters.size(), count));
  return masters;
}

void Sync::Round::mention_some(const std::vector<Address>& peers) {
  for (std::size_t i = 0; i < std::min(peers.size(), kMentionedMax); ++i) {
    const Address& peer = peers[node_.random().below(peers.size())];
    if (peer != node_.address()) node_.book().mention(peer, node_.clock().now());
  }
}

std::vector<Address> Sync::Round::heard_of() const {
  std::vector<Address> masters;
  for (const auto& [peer, structure] : fetched_) {
    if (!structure.slaves.empty()) masters.push_back(peer);
    for (const MasterEntry& master : structure.masters) masters.push_back(master.address);
  }
  std::sort(masters.begin(), masters.end());
  masters.erase(std::unique(masters.begin(), masters.end()), masters.end());
  return masters;
}

void Sync::Round::fetch_all() {
  const auto view = node_.peers().view();
  std::vector<Address> peers = view->slaves;
  if (view->backlink) peers.push_back(*view->backlink);
  append(peers, masters_to_ask());
  append(peers, peers_to_explore());
  fetch(peers);
  for (const auto& [peer, structure] : fetched_) mention_some(structure.slaves);
  for (int hop = 0; hop < kHopsMax && view->is_master(); ++hop) {
    const std::size_t before = asked_.size();
    fetch(heard_of());
    if (asked_.size() == before) break;
  }
}

void Sync::Round::tell(std::string_view kind, const Address& peer, double share_bad) {
  const TimePoint now = node_.clock().now();
  const auto [told, is_new] = sync_.told_at_.try_emplace({kind, peer}, now);
  if (!is_new && now - told->second < sync_.options_.interval) return;
  told->second = now;
  node_.conducts().tell(
      {.kind = kind, .peer = peer, .is_good = share_bad <= 0, .share = share_bad});
}

/// What our master says about itself and us. Source: protocol section 5.5.
void Sync::Round::judge_backlink(const Structure& structure) {
  const auto view = node_.peers().view();
  const auto size_of = [&](const Address& master) {
    const auto entry =
        std::find_if(structure.masters.begin(), structure.masters.end(),
                     [&](const MasterEntry& item) { return item.address == master; });
    return entry == structure.masters.end() ? std::size_t{0} : entry->size;
  };
  std::size_t network_size = 0;
  for (const MasterEntry& master : structure.masters) network_size += master.size;
  const bool is_consistent = size_of(structure.address) == structure.slaves.size();
  // Evening out takes its time, so only a list far over the limit is held against its master.
  const std::size_t limit = node_.topology().list_limit(std::max<std::size_t>(network_size, 1));
  const bool is_bounded = structure.slaves.size() <= 2 * limit;
  tell(conduct::kBacklinkNetworkSize, structure.address,
       (is_consistent ? 0 : 0.5) + (is_bounded ? 0 : 0.5));
  const bool is_settled =
      node_.clock().now() - sync_.list_changed_at_ > 3 * sync_.options_.interval;
  if (is_settled) {
    const bool is_right = !view->is_master() || size_of(node_.address()) == view->slaves.size();
    tell(conduct::kBacklinkMasters, structure.address, is_right ? 0 : 1);
  }
}

/// What a slave says about us. Its view may be a run behind, so a list that has just changed is no
/// ground to judge. Source: protocol section 5.6.
void Sync::Round::judge_slave(const Address& slave, const Structure& structure) {
  tell(conduct::kSlaveBacklink, slave, structure.backlink == node_.address() ? 0 : 1);
  if (node_.clock().now() - sync_.list_changed_at_ <= 3 * sync_.options_.interval) return;
  const std::size_t own = node_.peers().view()->slaves.size();
  const bool is_right = std::any_of(structure.masters.begin(), structure.masters.end(),
                                    [&](const MasterEntry& entry) {
                                      return entry.address == node_.address() && entry.size == own;
                                    });
  tell(conduct::kSlaveMasters, slave, is_right ? 0 : 1);
}

void Sync::Round::check_backlink() {
  const auto view = node_.peers().view();
  if (!view->backlink) return;
  const Address backlink = *view->backlink;
  const Structure* structure = find(backlink);
  if (!structure) {
    if (is_lost(backlink) && node_.peers().clear_backlink(backlink)) {
      node_.logger().info("sync: master " + backlink.text() + " is gone");
    }
    return;
  }
  if (!structure->has_slave(node_.address())) {
    node_.logger().info("sync: no longer in the list of " + backlink.text());
    tell(conduct::kBacklinkSlaves, backlink, 1);
    node_.peers().clear_backlink(backlink);
    return;
  }
  tell(conduct::kBacklinkSlaves, backlink, 0);
  judge_backlink(*structure);
  const TimePoint now = node_.clock().now();
  for (const Address& sibling : structure->slaves) {
    if (sibling != node_.address()) node_.book().mention(sibling, now);
  }
  const MutexLock lock(sync_.mutex_);
  sync_.siblings_ = structure->slaves;
}

void Sync::Round::check_slaves() {
  const TimePoint now = node_.clock().now();
  const auto view = node_.peers().view();
  if (view->slaves.size() != sync_.list_length_) sync_.list_changed_at_ = now;
  sync_.list_length_ = view->slaves.size();
  for (const Address& slave : view->slaves) {
    const Structure* structure = find(slave);
    bool is_dropped = false;
    const bool is_newcomer = sync_.is_newcomer(slave);
    if (structure && !is_newcomer) judge_slave(slave, *structure);
    if (structure && structure->backlink != node_.address()) {
      is_dropped = !is_newcomer;
    } else if (!structure && asked_.contains(slave)) {
      is_dropped = is_lost(slave);
    }
    if (is_dropped && node_.peers().remove_slave(slave)) {
      node_.logger().info("sync: slave " + slave.text() +
                          (structure ? " has another master" : " is gone"));
    }
  }
}

}  // namespace spreadable
