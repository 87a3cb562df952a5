#include "services/behaviours/banlist.h"

#include <algorithm>
#include <utility>

namespace spreadable {
namespace {

Error denied(std::string message) {
  return {Errc::denied, std::move(message), {}};
}

bool is_public(const std::string& ip_text) {
  const auto ip = IpAddress::parse(ip_text);
  return ip && !ip->is_private();
}

}  // namespace

Banlist::Banlist(const Clock& clock, BanStore& store, Options options)
    : clock_(clock), store_(store), options_(options) {}

Result<void> Banlist::load() {
  Result<std::vector<BanRecord>> stored = store_.load();
  if (!stored) return stored.error();
  const WallTime now = clock_.wall_now();
  const MutexLock lock(mutex_);
  for (BanRecord& ban : *stored) {
    if (ban.until <= now) continue;
    if (is_public(ban.ip)) by_ip_[ban.ip].insert(ban.address);
    bans_.insert_or_assign(ban.address, std::move(ban));
  }
  note_whether_empty();
  return {};
}

Result<void> Banlist::ban(const Address& address, const std::optional<IpAddress>& ip,
                          Duration lifetime, std::string reason) {
  const WallTime now = clock_.wall_now();
  const BanRecord record{.address = address,
                         .ip = ip ? ip->full_text() : std::string(),
                         .banned_at = now,
                         .until = now + std::chrono::duration_cast<Millis>(lifetime),
                         .reason = std::move(reason)};
  std::optional<Address> pushed_out;
  {
    const MutexLock lock(mutex_);
    if (bans_.size() >= options_.bans_max && !bans_.contains(address)) {
      const auto first_to_end = std::min_element(
          bans_.begin(), bans_.end(),
          [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
      pushed_out = first_to_end->first;
      if (const auto group = by_ip_.find(first_to_end->second.ip); group != by_ip_.end()) {
        group->second.erase(*pushed_out);
        if (group->second.empty()) by_ip_.erase(group);
      }
      bans_.erase(first_to_end);
    }
    bans_.insert_or_assign(address, record);
    if (is_public(record.ip)) by_ip_[record.ip].insert(address);
    note_whether_empty();
  }
  if (pushed_out)
    static_cast<void>(store_.remove(*pushed_out));  // it would only come back for a while
  return store_.put(record);
}

Result<bool> Banlist::lift(const Address& address) {
  bool was_there = false;
  {
    const MutexLock lock(mutex_);
    was_there = discouraged_.erase(address) > 0;
    const auto ban = bans_.find(address);
    if (ban != bans_.end()) {
      if (const auto group = by_ip_.find(ban->second.ip); group != by_ip_.end()) {
        group->second.erase(address);
        if (group->second.empty()) by_ip_.erase(group);
      }
      bans_.erase(ban);
      was_there = true;
    }
    note_whether_empty();
  }
  if (const Result<void> removed = store_.remove(address); !removed) return removed.error();
  return was_there;
}

Result<void> Banlist::clear() {
  {
    const MutexLock lock(mutex_);
    bans_.clear();
    by_ip_.clear();
    discouraged_.clear();
    note_whether_empty();
  }
  return store_.clear();
}

void Banlist::discourage(const Address& address) {
  const MutexLock lock(mutex_);
  if (discouraged_.size() >= options_.discouraged_max && !discouraged_.contains(address)) {
    discouraged_.erase(
        std::min_element(discouraged_.begin(), discouraged_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  discouraged_[address] = clock_.now() + options_.discouragement;
  note_whether_empty();
}

void Banlist::note_whether_empty() {
  is_empty_ = bans_.empty() && discouraged_.empty();
}

std::size_t Banlist::count_of(const std::string& ip) const {
  const auto group = by_ip_.find(ip);
  if (group == by_ip_.end()) return 0;
  const WallTime now = clock_.wall_now();
  std::size_t count = 0;
  for (const Address& address : group->second) count += bans_.at(address).until > now;
  return count;
}

Result<void> Banlist::check(const Address& address, const IpAddress* ip) const {
  if (is_empty_) return {};
  const MutexLock lock(mutex_);
  const auto ban = bans_.find(address);
  if (ban != bans_.end() && ban->second.until > clock_.wall_now()) {
    return denied("Address \"" + address.text() + "\" is in the banlist");
  }
  const auto until = discouraged_.find(address);
  if (until != discouraged_.end() && until->second > clock_.now()) {
    return denied("Address \"" + address.text() + "\" is refused for a while");
  }
  if (ip && options_.addresses_to_ban_ip > 0 && !by_ip_.empty() &&
      count_of(ip->full_text()) >= options_.addresses_to_ban_ip) {
    return denied("Ip \"" + ip->text() + "\" is in the banlist");
  }
  return {};
}

bool Banlist::is_banned(const Address& address) const {
  if (is_empty_) return false;
  const MutexLock lock(mutex_);
  const auto ban = bans_.find(address);
  return ban != bans_.end() && ban->second.until > clock_.wall_now();
}

bool Banlist::has_banned_ips() const {
  if (is_empty_) return false;
  const MutexLock lock(mutex_);
  return options_.addresses_to_ban_ip > 0 &&
         std::any_of(by_ip_.begin(), by_ip_.end(), [&](const auto& group) {
           return group.second.size() >= options_.addresses_to_ban_ip;
         });
}

std::vector<BanRecord> Banlist::bans() const {
  const MutexLock lock(mutex_);
  std::vector<BanRecord> found;
  for (const auto& [address, ban] : bans_) {
    if (ban.until > clock_.wall_now()) found.push_back(ban);
  }
  return found;
}

void Banlist::expire() {
  std::vector<Address> ended;
  {
    const MutexLock lock(mutex_);
    for (const auto& [address, ban] : bans_) {
      if (ban.until <= clock_.wall_now()) ended.push_back(address);
    }
    std::erase_if(discouraged_, [&](const auto& item) { return item.second <= clock_.now(); });
    note_whether_empty();
  }
  for (const Address& address : ended) static_cast<void>(lift(address));
}

}  // namespace spreadable
