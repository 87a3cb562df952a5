// services/sync/structure_cache.h: lists that several nodes of one process have fetched.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/address.h"
#include "core/mutex.h"
#include "services/sync/structure.h"

namespace spreadable {

/// Nodes that live in one process fetch the same lists from the same masters. What a peer has sent
/// under one tag is read once and kept once, for as long as any node keeps it; the cache itself
/// keeps nothing alive. A peer that tells nodes different things under one tag only makes them
/// believe what it told first. Thread-safe.
class StructureCache {
 public:
  using Entry = std::shared_ptr<const Structure>;

  /// What `peer` sent under `tag`, if somebody still keeps it, or nullptr.
  [[nodiscard]] Entry find(const Address& peer, std::string_view tag) const;
  /// Notes what `peer` sent under `tag`; an older tag of the peer is forgotten.
  void note(const Address& peer, std::string tag, const Entry& structure);
  /// Peers noted.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Kept {
    std::string tag;
    std::weak_ptr<const Structure> structure;
  };

  mutable Mutex mutex_;
  std::unordered_map<Address, Kept> entries_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t sweep_at_ SPREADABLE_GUARDED_BY(mutex_) = 64;  ///< entries
};

}  // namespace spreadable
