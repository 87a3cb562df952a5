#include "services/storage/memory_database.h"

namespace spreadable {

Result<std::optional<std::string>> MemoryDatabase::Data::get(std::string_view key) {
  const MutexLock lock(mutex_);
  const auto place = values_.find(key);
  return place == values_.end() ? std::nullopt : std::optional(place->second);
}

Result<void> MemoryDatabase::Data::set(std::string_view key, std::string_view value) {
  const MutexLock lock(mutex_);
  values_.insert_or_assign(std::string(key), std::string(value));
  return {};
}

Result<std::vector<PeerRecord>> MemoryDatabase::Peers::load() {
  const MutexLock lock(mutex_);
  return peers_;
}

Result<void> MemoryDatabase::Peers::save(const std::vector<PeerRecord>& peers) {
  const MutexLock lock(mutex_);
  peers_ = peers;
  return {};
}

Result<std::vector<BanRecord>> MemoryDatabase::Bans::load() {
  const MutexLock lock(mutex_);
  std::vector<BanRecord> bans;
  for (const auto& [address, ban] : bans_) bans.push_back(ban);
  return bans;
}

Result<void> MemoryDatabase::Bans::put(const BanRecord& ban) {
  const MutexLock lock(mutex_);
  bans_.insert_or_assign(ban.address, ban);
  return {};
}

Result<void> MemoryDatabase::Bans::remove(const Address& address) {
  const MutexLock lock(mutex_);
  bans_.erase(address);
  return {};
}

Result<void> MemoryDatabase::Bans::clear() {
  const MutexLock lock(mutex_);
  bans_.clear();
  return {};
}

void MemoryDatabase::Cache::Shelf::use(decltype(entries)::iterator place, std::uint64_t number) {
  keys_by_use.erase(place->second.use);
  keys_by_use.emplace(number, place->first);
  place->second.use = number;
}

void MemoryDatabase::Cache::Shelf::erase(decltype(entries)::iterator place) {
  keys_by_use.erase(place->second.use);
  entries.erase(place);
}

void MemoryDatabase::Cache::Shelf::trim(std::size_t limit) {
  while (entries.size() > limit) erase(entries.find(keys_by_use.begin()->second));
}

Result<std::optional<CacheStore::Entry>> MemoryDatabase::Cache::get(std::string_view type,
                                                                    std::string_view key,
                                                                    WallTime /*now*/) {
  const MutexLock lock(mutex_);
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return std::optional<Entry>();
  const auto place = shelf->second.entries.find(key);
  if (place == shelf->second.entries.end()) return std::optional<Entry>();
  shelf->second.use(place, ++last_use_);
  return std::optional(place->second.entry);
}

Result<void> MemoryDatabase::Cache::set(std::string_view type, std::string_view key,
                                        std::string_view value, WallTime now, std::size_t limit) {
  const MutexLock lock(mutex_);
  Shelf& shelf = shelves_[std::string(type)];
  const auto [place, is_new] = shelf.entries.try_emplace(std::string(key));
  if (is_new) place->second.entry.created_at = now;
  place->second.entry.value = value;
  shelf.use(place, ++last_use_);
  shelf.trim(limit);
  return {};
}

Result<void> MemoryDatabase::Cache::remove(std::string_view type, std::string_view key) {
  const MutexLock lock(mutex_);
  const auto shelf = shelves_.find(type);
  if (shelf == shelves_.end()) return {};
  const auto place = shelf->second.entries.find(key);
  if (place != shelf->second.entries.end()) shelf->second.erase(place);
  return {};
}

Result<void> MemoryDatabase::Cache::normalize(std::string_view type, WallTime created_before,
                                              std::size_t limit) {
  const MutexLock lock(mutex_);
  const auto found = shelves_.find(type);
  if (found == shelves_.end()) return {};
  Shelf& shelf = found->second;
  for (auto place = shelf.entries.begin(); place != shelf.entries.end();) {
    const auto next = std::next(place);
    if (place->second.entry.created_at < created_before) shelf.erase(place);
    place = next;
  }
  shelf.trim(limit);
  return {};
}

Result<void> MemoryDatabase::Cache::flush(std::string_view type) {
  const MutexLock lock(mutex_);
  const auto shelf = shelves_.find(type);
  if (shelf != shelves_.end()) shelves_.erase(shelf);
  return {};
}

}  // namespace spreadable
