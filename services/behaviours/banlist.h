// services/behaviours/banlist.h: who is refused, in both directions.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/ip.h"
#include "core/mutex.h"
#include "core/result.h"
#include "core/stores.h"

namespace spreadable {

/// Two ways to refuse a peer. *Discouraged*: for a short time, in memory only, the answer to a
/// fault that has no innocent explanation. *Banned*: for long, kept over a restart, the answer to
/// bad karma or an operator's decision. Bans are by address. The whole ip is refused only once
/// several addresses there are banned, and never a loopback or private one: a neighbour behind the
/// same NAT has done nothing. Both lists are bounded; the one that ends first goes. Thread-safe.
/// Source: reliability S12.
class Banlist {
 public:
  struct Options {
    std::size_t bans_max = 10'000;
    std::size_t discouraged_max = 10'000;
    Duration discouragement = std::chrono::minutes{20};
    std::size_t addresses_to_ban_ip = 3;  ///< 0: an ip as such is never refused
  };

  /// `store` outlives the list.
  Banlist(const Clock& clock, BanStore& store, Options options);

  /// Reads the store, leaving out what has ended.
  [[nodiscard]] Result<void> load();

  /// Errc::io when it could not be stored; it counts until the end of the process all the same.
  Result<void> ban(const Address& address, const std::optional<IpAddress>& ip, Duration lifetime,
                   std::string reason);
  /// Lifts a ban or discouragement; false when there was none.
  [[nodiscard]] Result<bool> lift(const Address& address);
  Result<void> clear();
  void discourage(const Address& address);

  /// Errc::denied, saying how, for who is refused. `ip` is null where it is not known.
  [[nodiscard]] Result<void> check(const Address& address, const IpAddress* ip) const;
  [[nodiscard]] bool is_banned(const Address& address) const;
  /// Whether some ip as such is refused, so that one must be known for check() to be complete.
  [[nodiscard]] bool has_banned_ips() const;
  /// Those that still hold, by address.
  [[nodiscard]] std::vector<BanRecord> bans() const;
  /// Drops what has ended.
  void expire();

 private:
  [[nodiscard]] std::size_t count_of(const std::string& ip) const SPREADABLE_REQUIRES(mutex_);
  /// After each change.
  void note_whether_empty() SPREADABLE_REQUIRES(mutex_);

  const Clock& clock_;
  BanStore& store_;
  const Options options_;
  /// Nobody is refused, as nearly always: each request asks several times.
  std::atomic<bool> is_empty_ = true;
  mutable Mutex mutex_;
  std::map<Address, BanRecord> bans_ SPREADABLE_GUARDED_BY(mutex_);
  std::map<std::string, std::set<Address>> by_ip_ SPREADABLE_GUARDED_BY(mutex_);
  std::map<Address, TimePoint> discouraged_ SPREADABLE_GUARDED_BY(mutex_);  ///< until when
};

}  // namespace spreadable
