#include "services/storage/cache.h"

#include <utility>

#include "core/assert.h"

namespace spreadable {

Cache::Cache(CacheStore& store, const Clock& clock, Options options)
    : store_(store), clock_(clock), options_(std::move(options)) {
  SPREADABLE_ASSERT(!options_.type.empty());
  SPREADABLE_ASSERT(!options_.lifetime || *options_.lifetime > Millis::zero());
}

Result<std::optional<std::string>> Cache::get(std::string_view key) {
  auto entry = fresh_entry(key, clock_.wall_now());
  if (!entry) return entry.error();
  return *entry ? std::optional(std::move((*entry)->value)) : std::nullopt;
}

Result<void> Cache::set(std::string_view key, std::string_view value) {
  const WallTime now = clock_.wall_now();
  if (options_.lifetime) {
    // Replacing an entry keeps its date, so one that is too old has to go first.
    const auto entry = fresh_entry(key, now);
    if (!entry) return entry.error();
  }
  return store_.set(options_.type, key, value, now, options_.limit);
}

Result<void> Cache::remove(std::string_view key) {
  return store_.remove(options_.type, key);
}

Result<void> Cache::normalize() {
  const WallTime oldest =
      options_.lifetime ? clock_.wall_now() - *options_.lifetime : WallTime(Millis::min());
  return store_.normalize(options_.type, oldest, options_.limit);
}

Result<void> Cache::flush() {
  return store_.flush(options_.type);
}

bool Cache::is_too_old(const CacheStore::Entry& entry, WallTime now) const {
  if (!options_.lifetime) return false;
  return entry.created_at > now || entry.created_at < now - *options_.lifetime;
}

Result<std::optional<CacheStore::Entry>> Cache::fresh_entry(std::string_view key, WallTime now) {
  auto entry = store_.get(options_.type, key, now);
  if (!entry || !*entry || !is_too_old(**entry, now)) return entry;
  const auto removed = store_.remove(options_.type, key);
  if (!removed) return removed.error();
  return std::optional<CacheStore::Entry>();
}

}  // namespace spreadable
