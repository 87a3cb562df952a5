// core/known_lists.h: the slaves of other masters as last fetched, for the time when one of them is
// silent.
#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace spreadable {

/// Slave lists of masters, each fetched from the master itself. A list outlives its master for a
/// while: a traversal that began when the master was still known may need somebody to stand in for
/// it after everyone has dropped it. Thread-safe.
class KnownLists {
 public:
  /// Longer than any traversal (wire::kBudgetMax).
  static constexpr Duration kLifetime = std::chrono::seconds{90};

  using List = std::shared_ptr<const std::vector<Address>>;
  using Lists = std::unordered_map<Address, List>;

  /// Takes what was fetched just now, and drops what has not been fetched for kLifetime.
  void update(Lists fetched, TimePoint now) {
    const MutexLock lock(mutex_);
    for (auto& [master, list] : fetched) entries_[master] = {std::move(list), now};
    std::erase_if(entries_,
                  [&](const auto& item) { return now - item.second.fetched_at > kLifetime; });
  }

  /// The list of `master`, or nullptr when none is known that was fetched at `since` or later.
  [[nodiscard]] List find(const Address& master, TimePoint since = TimePoint::min()) const {
    const MutexLock lock(mutex_);
    const auto it = entries_.find(master);
    const bool is_found = it != entries_.end() && it->second.fetched_at >= since;
    return is_found ? it->second.list : nullptr;
  }

 private:
  struct Entry {
    List list;
    TimePoint fetched_at;
  };

  mutable Mutex mutex_;
  std::unordered_map<Address, Entry> entries_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
