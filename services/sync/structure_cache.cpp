#include "services/sync/structure_cache.h"

#include <algorithm>
#include <utility>

namespace spreadable {

StructureCache::Entry StructureCache::find(const Address& peer, std::string_view tag) const {
  const MutexLock lock(mutex_);
  const auto known = entries_.find(peer);
  return known == entries_.end() || known->second.tag != tag ? nullptr
                                                             : known->second.structure.lock();
}

void StructureCache::note(const Address& peer, std::string tag, const Entry& structure) {
  const MutexLock lock(mutex_);
  entries_[peer] = {std::move(tag), structure};
  if (entries_.size() < sweep_at_) return;
  std::erase_if(entries_, [](const auto& item) { return item.second.structure.expired(); });
  sweep_at_ = std::max<std::size_t>(64, 2 * entries_.size());
}

std::size_t StructureCache::size() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace spreadable
