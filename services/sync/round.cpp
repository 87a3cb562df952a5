#include "services/sync/round.h"

#include <algorithm>
#include <unordered_set>
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
/// Nodes of one foreign list to remember, and foreign lists of one run.
constexpr std::size_t kMentionedMax = 8;
constexpr std::size_t kListsMentionedMax = 4;
/// Stands for more runs of silence than anybody waits for.
constexpr unsigned kHopelessRuns = 1'000;
/// A slave of ours is asked for more than its links once in so many runs: its masters list is a
/// copy of its master's.
constexpr std::size_t kWholePeriod = 16;

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
  std::erase_if(sync_.known_, [&](const auto& item) { return !asked_.contains(item.first); });
  std::erase_if(sync_.read_slaves_, [&](const Address& slave) { return !view->has_slave(slave); });
  std::erase_if(sync_.told_at_,
                [&](const auto& item) { return !asked_.contains(item.first.second); });
  std::erase_if(sync_.memory_.slave_since,
                [&](const auto& item) { return !view->has_slave(item.first); });
}

const Structure* Sync::Round::find(const Address& peer) const {
  const auto it = fetched_.find(peer);
  return it == fetched_.end() ? nullptr : it->second.get();
}

bool Sync::Round::is_lost(const Address& peer, unsigned patience) const {
  const MutexLock lock(sync_.mutex_);
  const auto it = sync_.memory_.misses.find(peer);
  if (it == sync_.memory_.misses.end()) return false;
  if (it->second.runs < patience * sync_.options_.misses_max) return false;
  // Our quick runs are too quick for others: a busy node of theirs is not a dead one.
  if (it->second.is_refused || node_.book().is_native(peer)) return true;
  return node_.clock().now() - it->second.since >=
         sync_.options_.foreign_silence_intervals * sync_.options_.interval;
}

void Sync::Round::note_silence(const Address& peer, const Error& error, bool is_senseless) {
  node_.logger().debug("sync: no structure of " + peer.text() + ": " + error.message);
  sync_.known_.erase(peer);
  const MutexLock lock(sync_.mutex_);
  Silence& silence = sync_.memory_.misses[peer];
  if (silence.runs++ == 0) silence.since = node_.clock().now();
  silence.is_refused = error.code == Errc::unreachable;
  // Whom our own lists refuse, or who makes no sense, needs no second chance here.
  if (error.code == Errc::denied || is_senseless) {
    silence = {kHopelessRuns, silence.since, true};
  }
}

Result<std::shared_ptr<const Structure>> Sync::Round::read(const Address& peer,
                                                           const PeerReply& reply) {
  if (reply.is_unchanged) return sync_.known_.at(peer).structure;
  const auto part = reply.headers.find(wire::kStructurePart);
  const bool is_links_only = part && *part == wire::kLinksPart;
  const std::string tag(
      is_links_only ? "" : reply.headers.find(wire::kTag).value_or(std::string_view()));
  std::shared_ptr<const Structure> structure =
      tag.empty() ? nullptr : sync_.cache_->find(peer, tag);
  if (!structure) {
    Result<Structure> parsed = parse_structure(reply.text);
    if (!parsed) return parsed.error();
    if (parsed->backlink == peer || parsed->has_slave(peer)) {
      return Error{Errc::bad_response, "the structure names its sender as its own peer", {}};
    }
    parsed->address = peer;
    parsed->is_links_only = is_links_only;
    // Mostly it tells what we know: one list for all that do takes less memory.
    const auto view = node_.peers().view();
    if (parsed->masters == view->masters) parsed->masters = view->masters;
    structure = std::make_shared<const Structure>(std::move(*parsed));
    if (!tag.empty()) sync_.cache_->note(peer, tag, structure);
  }
  if (!tag.empty()) sync_.known_[peer] = {tag, structure};
  return structure;
}

void Sync::Round::note_answer(const Address& peer, const Result<PeerReply>& reply) {
  if (!reply) return note_silence(peer, reply.error(), /*is_senseless=*/false);
  auto structure = read(peer, *reply);
  if (!structure) {
    node_.conducts().tell(
        {.kind = conduct::kResponseSchema, .peer = peer, .is_good = false, .is_provable = true});
    return note_silence(peer, structure.error(), /*is_senseless=*/true);
  }
  // Whoever owns a neighbourhood could otherwise be a master of all of it. Others know no such
  // rule.
  const bool is_checked = reply->is_unchanged || !node_.book().is_native(peer);
  if (!is_checked && sync_.ip_quota_->is_broken_by((*structure)->slaves)) {
    const Error error{Errc::bad_response, "its list has too many nodes of one neighbourhood", {}};
    return note_silence(peer, error, /*is_senseless=*/true);
  }
  fetched_.emplace(peer, std::move(*structure));
  {
    const MutexLock lock(sync_.mutex_);
    sync_.memory_.misses.erase(peer);
  }
  if (const auto to = reply->headers.find(wire::kMoveTo)) {
    if (const Result<Address> address = Address::parse(*to);
        address && peer == node_.peers().view()->backlink) {
      sync_.move_to_ = *address;
    }
  }
}

PeerRequest Sync::Round::question_to(const Address& peer) const {
  PeerRequest question{.to = peer,
                       .path = std::string(wire::kNodeRoute) + "structure",
                       .has_budget = false,
                       .is_raw = true};
  if (const auto known = sync_.known_.find(peer); known != sync_.known_.end()) {
    question.known_tag = known->second.tag;
  }
  const auto view = node_.peers().view();
  const bool is_plain_slave = sync_.read_slaves_.contains(peer) && view->backlink != peer &&
                              !view->find_master(peer) && node_.book().is_native(peer);
  if (view->is_master()) {
    question.headers.add(wire::kListLength, std::to_string(view->slaves.size()));
  }
  if (is_plain_slave && node_.random().below(kWholePeriod) != 0) {
    question.headers.add(wire::kStructurePart, wire::kLinksPart);
  }
  return question;
}

void Sync::Round::fetch(const std::vector<Address>& peers) {
  std::vector<PeerRequest> requests;
  for (const Address& peer : peers) {
    if (peer == node_.address() || !asked_.insert(peer).second) continue;
    if (requests.size() == Transport::kGroupMax) break;
    requests.push_back(question_to(peer));
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
  std::unordered_set<Address> unlisted;
  const TimePoint now = node_.clock().now();
  node_.book().visit([&](const PeerBook::Entry& entry) {
    const Duration pause = sync_.options_.interval * (1 << std::min(entry.fails, kFailsMax)) / 2;
    const bool is_due = entry.fails == 0 || now >= entry.tried_at + pause;
    if (is_due || entry.fails >= kFailsMax) unlisted.insert(entry.address);
    return true;
  });
  const auto strike_out = [&](const Address& listed) { unlisted.erase(listed); };
  strike_out(node_.address());
  std::for_each(view->slaves.begin(), view->slaves.end(), strike_out);
  for (const MasterEntry& master : view->masters) {
    strike_out(master.address);
    const auto list = node_.known_lists().find(master.address);
    if (list) std::for_each(list->begin(), list->end(), strike_out);
  }
  std::erase_if(unlisted, [&](const Address& address) {
    const bool is_given_up = node_.book().fails(address) >= kFailsMax;
    if (is_given_up) node_.book().forget(address);
    return is_given_up;
  });
  std::vector<Address> peers(unlisted.begin(), unlisted.end());
  std::sort(peers.begin(), peers.end());
  // In an order that only chance decides, or those that answer without being of use would keep out
  // the others.
  node_.random().shuffle(peers);
  peers.resize(std::min(peers.size(), sync_.options_.explore_max));
  return peers;
}

std::vector<Address> Sync::Round::masters_to_ask() const {
  const auto view = node_.peers().view();
  std::vector<Address> masters;
  if (!view->is_master() && view->is_registered()) {
    // A slave relies on its master. Now and then it gets to know nodes that are in other lists, for
    // the day when all it knows are gone.
    const bool is_due = sync_.quiet_runs_ == 1 || node_.random().below(kAcquaintancePeriod) == 0;
    if (is_due && !view->masters.empty()) {
      masters.push_back(view->masters[node_.random().below(view->masters.size())].address);
    }
    return masters;
  }
  for (const MasterEntry& master : view->masters) masters.push_back(master.address);
  if (view->is_master()) return masters;
  node_.random().shuffle(masters);
  masters.resize(std::min(masters.size(), sync_.options_.providers_max));
  return masters;
}

std::vector<Address> Sync::Round::claimants() {
  const MutexLock lock(sync_.mutex_);
  const std::set<Address> claimants = std::exchange(sync_.memory_.claimants, {});
  return {claimants.begin(), claimants.end()};
}

void Sync::Round::mention_some(const std::vector<Address>& peers) {
  for (std::size_t i = 0; i < std::min(peers.size(), kMentionedMax); ++i) {
    const Address& peer = peers[node_.random().below(peers.size())];
    if (peer != node_.address()) node_.book().mention(peer, node_.clock().now());
  }
}

void Sync::Round::mention_strangers() {
  const auto own = node_.peers().view()->backlink;
  std::vector<const Structure*> lists;
  for (const auto& [peer, structure] : fetched_) {
    if (peer != own && !structure->slaves.empty()) lists.push_back(structure.get());
  }
  node_.random().shuffle(lists);
  lists.resize(std::min(lists.size(), kListsMentionedMax));
  for (const Structure* list : lists) mention_some(list->slaves);
}

std::vector<Address> Sync::Round::heard_of() const {
  std::vector<Address> masters;
  std::unordered_set<std::string_view> seen;
  const auto add = [&](const Address& master) {
    if (!asked_.contains(master) && seen.insert(master.text()).second) masters.push_back(master);
  };
  const MasterList* last = nullptr;
  for (const auto& [peer, structure] : fetched_) {
    if (!structure->slaves.empty()) add(peer);
    if (last && structure->masters == *last) continue;  // most agree, once settled
    last = &structure->masters;
    for (const MasterEntry& master : structure->masters) add(master.address);
  }
  std::sort(masters.begin(), masters.end());
  return masters;
}

void Sync::Round::fetch_all() {
  const auto view = node_.peers().view();
  has_asked_masters_ = view->is_master();
  std::vector<Address> peers = view->slaves;
  if (view->backlink) peers.push_back(*view->backlink);
  append(peers, masters_to_ask());
  append(peers, peers_to_explore());
  append(peers, claimants());
  fetch(peers);
  mention_strangers();
  for (int hop = 0; hop < kHopsMax && view->is_master(); ++hop) {
    const std::vector<Address> masters = heard_of();
    if (masters.empty()) break;
    fetch(masters);
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
    const MasterEntry* entry = structure.masters.find(master);
    return entry ? entry->size : std::size_t{0};
  };
  const bool is_consistent = size_of(structure.address) == structure.slaves.size();
  // Evening out takes its time, and after a disaster more of it, so only a list that stays far over
  // the limit is held against its master.
  const std::size_t limit =
      node_.topology().list_limit(std::max<std::size_t>(structure.network_size(), 1));
  const TimePoint now = node_.clock().now();
  if (structure.slaves.size() <= 2 * limit || sync_.overlong_master_ != structure.address) {
    sync_.overlong_since_ = now;
    sync_.overlong_master_ = structure.address;
  }
  const bool is_bounded =
      now - sync_.overlong_since_ <= sync_.options_.overlong_intervals * sync_.options_.interval;
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
  if (structure.is_links_only) return;
  if (node_.clock().now() - sync_.list_changed_at_ <= 3 * sync_.options_.interval) return;
  const std::size_t own = node_.peers().view()->slaves.size();
  const MasterEntry* entry = structure.masters.find(node_.address());
  const bool is_right = entry && entry->size == own;
  tell(conduct::kSlaveMasters, slave, is_right ? 0 : 1);
  if (!is_right) sync_.read_slaves_.erase(slave);  // let us see that again
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
  note_siblings();
}

void Sync::Round::note_siblings() {
  const auto& structure = fetched_.at(*node_.peers().view()->backlink);
  {
    const MutexLock lock(sync_.mutex_);
    if (sync_.siblings_.get() == &structure->slaves) return;  // as in the last run
    sync_.siblings_ = {structure, &structure->slaves};
  }
  mention_some(structure->slaves);
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
    if (structure && !structure->is_links_only) sync_.read_slaves_.insert(slave);
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
