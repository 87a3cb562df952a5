#include "services/behaviours/behaviours.h"

#include <algorithm>
#include <utility>

#include "services/sync/sync.h"

namespace spreadable {
namespace {

/// Bad turns in a row, one each interval, that make a peer suspicious at the protocol's level
/// of 30.
constexpr int kTurnsToSuspicion = 13;
constexpr Duration kScoreLifetimeMin = std::chrono::hours{1};

}  // namespace

Behaviours::Behaviours() : Behaviours(Options{}) {}

Behaviours::Behaviours(Options options) : Service(kName), options_(options) {}

Behaviours::~Behaviours() = default;

void Behaviours::declare_routes(Router&) {
  banlist_ = std::make_unique<Banlist>(node().clock(), node().database().bans(), options_.banlist);
  node().services().for_each<Behaviour>(
      [this](Behaviour& behaviour) { watched_[behaviour.kind()] = &behaviour; });
  node().conducts().observe([this](const Conduct& conduct) { note(conduct); });
  node().add_screen(
      {[this](const Address& peer, const IpAddress* ip) { return banlist_->check(peer, ip); },
       [this] { return banlist_->has_banned_ips(); },
       [this](const Address& peer) { return is_suspicious(peer); }});
}

Result<void> Behaviours::init() {
  if (Result<void> loaded = banlist_->load(); !loaded) return loaded;
  if (!node().options().network.auto_sync) return {};
  const Duration interval = node().options().network.sync_interval;
  task_ = node().scheduler().start("karma of " + node().address().text(), interval,
                                   [this, interval]() -> Duration {
                                     judge();
                                     return interval;
                                   });
  return {};
}

void Behaviours::deinit() {
  task_.reset();
}

void Behaviours::note_health(bool is_good) {
  const double share = 1 / options_.health_window;
  double health = health_.load();
  while (!health_.compare_exchange_weak(health, health * (1 - share) + (is_good ? share : 0))) {
  }
}

void Behaviours::note(const Conduct& conduct) {
  // Where nobody has ever answered there may be nobody, whoever named the address.
  if (conduct.kind == conduct::kRequestDelays && node().book().has_answered(conduct.peer)) {
    note_health(conduct.is_good);
  }
  const auto watched = watched_.find(conduct.kind);
  if (watched == watched_.end() || conduct.peer == node().address()) return;
  const Behaviour& behaviour = *watched->second;
  if (!conduct.is_good) {
    if (node().access().is_trusted(conduct.peer)) return;
    if (conduct.is_provable) {
      banlist_->discourage(conduct.peer);
      node().logger().warn("behaviours: " + conduct.peer.text() +
                           " is refused for a while: " + behaviour.kind());
    } else if (health_ < options_.health_min) {
      return;
    }
  }
  const double weight = conduct.is_good ? 0 : behaviour.weigh(conduct);
  if (!conduct.is_good && weight <= 0) return;

  const MutexLock lock(mutex_);
  if (conduct.is_good && index_.empty()) return;
  const TimePoint now = node().clock().now();
  const Key key{behaviour.kind(), conduct.peer};
  auto found = index_.find(key);
  if (found == index_.end()) {
    if (conduct.is_good) return;
    if (scores_.size() >= options_.scores_max) {
      index_.erase({scores_.back().kind, scores_.back().peer});
      scores_.pop_back();
    }
    scores_.push_front({key.first, key.second, {}, now, now});
    found = index_.emplace(key, scores_.begin()).first;
  }
  Entry& entry = *found->second;
  const bool is_exponential = behaviour.options().is_exponential;
  if (conduct.is_good) {
    entry.score.improve(is_exponential);
  } else {
    entry.score.worsen(weight, is_exponential);
  }
  entry.updated_at = now;
  scores_.splice(scores_.begin(), scores_, found->second);
  if (entry.score.suspicion <= 0) {
    scores_.erase(found->second);
    index_.erase(found);
  }
}

Duration Behaviours::ban_delay(const Behaviour& behaviour) const {
  return behaviour.options().ban_delay.value_or(2 * kTurnsToSuspicion *
                                                node().options().network.sync_interval);
}

Duration Behaviours::score_lifetime(const Behaviour& behaviour) const {
  if (behaviour.options().score_lifetime) return *behaviour.options().score_lifetime;
  const Sync* sync = node().services().find<Sync>();
  return std::max(kScoreLifetimeMin, sync ? sync->sync_lifetime() : Duration::zero());
}

/// Drops old scores and takes out those that lead to a ban.
std::vector<std::pair<Behaviours::Entry, const Behaviour*>> Behaviours::take_condemned() {
  std::vector<std::pair<Entry, const Behaviour*>> condemned;
  const TimePoint now = node().clock().now();
  const MutexLock lock(mutex_);
  for (auto it = scores_.begin(); it != scores_.end();) {
    const Behaviour& behaviour = *watched_.find(it->kind)->second;
    const bool is_old = now - it->updated_at > score_lifetime(behaviour);
    const bool is_condemned = behaviour.options().is_banning &&
                              it->score.suspicion > behaviour.options().suspicion_max &&
                              now - it->created_at > ban_delay(behaviour);
    if (is_condemned && !is_old) condemned.emplace_back(*it, &behaviour);
    if (!is_old && !is_condemned) {
      ++it;
      continue;
    }
    index_.erase({it->kind, it->peer});
    it = scores_.erase(it);
  }
  return condemned;
}

void Behaviours::judge() {
  banlist_->expire();
  for (const auto& [entry, behaviour] : take_condemned()) {
    const Result<IpAddress> ip = node().resolver().resolve(entry.peer.host());
    const Result<void> banned = banlist_->ban(entry.peer, ip ? std::optional(*ip) : std::nullopt,
                                              behaviour->options().ban_lifetime, behaviour->kind());
    if (!banned) {
      node().logger().error("behaviours: cannot store a ban: " + banned.error().message);
    }
    node().logger().warn("behaviours: " + entry.peer.text() + " is banned: " + entry.kind);
    node().events().emit({.event = Event::peer_banned, .peer = entry.peer});
  }
}

bool Behaviours::is_suspicious(const Address& peer) const {
  const MutexLock lock(mutex_);
  if (index_.empty()) return false;
  for (const auto& [kind, behaviour] : watched_) {
    if (kind != conduct::kRequestDelays && index_.contains({kind, peer})) return true;
  }
  return false;
}

double Behaviours::suspicion(std::string_view kind, const Address& peer) const {
  const MutexLock lock(mutex_);
  const auto found = index_.find({std::string(kind), peer});
  return found == index_.end() ? 0 : found->second->score.suspicion;
}

std::vector<Behaviours::Entry> Behaviours::scores() const {
  const MutexLock lock(mutex_);
  return {scores_.begin(), scores_.end()};
}

}  // namespace spreadable
