#include "services/storage/detail/sqlite_cache_store.h"

#include <algorithm>
#include <tuple>

namespace spreadable::detail {

Result<std::unique_ptr<SqliteCacheStore>> SqliteCacheStore::make(sqlite::Connection& connection) {
  std::unique_ptr<SqliteCacheStore> store(new SqliteCacheStore(connection));
  const MutexLock lock(store->connection_.mutex);
  const auto prepared = store->prepare();
  if (!prepared) return prepared.error();
  const auto loaded = store->load_counts();
  if (!loaded) return loaded.error();
  return store;
}

SqliteCacheStore::~SqliteCacheStore() {
  const MutexLock lock(connection_.mutex);
  std::ignore = save_uses();  // only recency would be lost
}

Result<void> SqliteCacheStore::prepare() {
  return sqlite::Statement::prepare_all(
      connection_.handle(),
      {{get_, "SELECT value, created_at FROM cache WHERE type = ?1 AND key = ?2"},
       {use_, "UPDATE cache SET last_use = ?3 WHERE type = ?1 AND key = ?2"},
       {update_, "UPDATE cache SET value = ?3, last_use = ?4 WHERE type = ?1 AND key = ?2"},
       {insert_,
        "INSERT INTO cache (type, key, value, last_use, created_at) VALUES (?1, ?2, ?3, ?4, ?5)"},
       {remove_, "DELETE FROM cache WHERE type = ?1 AND key = ?2"},
       {remove_old_, "DELETE FROM cache WHERE type = ?1 AND created_at < ?2"},
       {evict_,
        "DELETE FROM cache WHERE type = ?1 AND key IN "
        "(SELECT key FROM cache WHERE type = ?1 ORDER BY last_use LIMIT ?2)"},
       {flush_, "DELETE FROM cache WHERE type = ?1"}});
}

Result<void> SqliteCacheStore::load_counts() {
  auto statement = sqlite::Statement::prepare(
      connection_.handle(), "SELECT type, count(*), max(last_use) FROM cache GROUP BY type");
  if (!statement) return statement.error();
  sqlite::Query query(*statement);
  while (true) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return {};
    counts_[query.text(0)] = static_cast<std::size_t>(query.integer(1));
    last_use_ = std::max(last_use_, query.integer(2));
  }
}

Result<std::optional<CacheStore::Entry>> SqliteCacheStore::get(std::string_view type,
                                                               std::string_view key,
                                                               WallTime /*now*/) {
  const MutexLock lock(connection_.mutex);
  std::optional<Entry> entry;
  {
    sqlite::Query query(get_, type, key);
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return entry;
    entry = Entry{query.text(0), WallTime(Millis(query.integer(1)))};
  }
  pending_uses_[{std::string(type), std::string(key)}] = ++last_use_;
  if (pending_uses_.size() >= kPendingUsesMax && !save_uses()) {
    // What cannot be written (a full disk) must not stop reading, nor gather without end.
    pending_uses_.clear();
  }
  return entry;
}

Result<void> SqliteCacheStore::set(std::string_view type, std::string_view key,
                                   std::string_view value, WallTime now, std::size_t limit) {
  const MutexLock lock(connection_.mutex);
  const auto begun = begin();
  if (!begun) return begun;
  return end(type, trim(type, put(type, key, value, now), limit));
}

Result<void> SqliteCacheStore::remove(std::string_view type, std::string_view key) {
  const MutexLock lock(connection_.mutex);
  const auto begun = begin();
  if (!begun) return begun;
  sqlite::Query query(remove_, type, key);
  return end(type, drop(count_of(type), query));
}

Result<void> SqliteCacheStore::normalize(std::string_view type, WallTime created_before,
                                         std::size_t limit) {
  const MutexLock lock(connection_.mutex);
  const auto begun = begin();
  if (!begun) return begun;
  sqlite::Query query(remove_old_, type, to_epoch_millis(created_before));
  return end(type, trim(type, drop(count_of(type), query), limit));
}

Result<void> SqliteCacheStore::flush(std::string_view type) {
  const MutexLock lock(connection_.mutex);
  const auto begun = begin();
  if (!begun) return begun;
  sqlite::Query query(flush_, type);
  return end(type, drop(count_of(type), query));
}

std::size_t SqliteCacheStore::count_of(std::string_view type) const {
  const auto place = counts_.find(type);
  return place == counts_.end() ? 0 : place->second;
}

Result<void> SqliteCacheStore::save_uses() {
  if (pending_uses_.empty()) return {};
  const auto begun = connection_.begin();
  if (!begun) return begun;
  const auto saved = connection_.end(write_uses());
  if (saved) pending_uses_.clear();
  return saved;
}

Result<void> SqliteCacheStore::write_uses() {
  for (const auto& [entry, use] : pending_uses_) {
    const auto written = sqlite::Query(use_, entry.first, entry.second, use).finish();
    if (!written) return written;
  }
  return {};
}

Result<std::size_t> SqliteCacheStore::put(std::string_view type, std::string_view key,
                                          std::string_view value, WallTime now) {
  const std::int64_t use = ++last_use_;
  const auto updated = sqlite::Query(update_, type, key, value, use).finish();
  if (!updated) return updated.error();
  if (sqlite3_changes(connection_.handle()) > 0) return count_of(type);
  const auto inserted =
      sqlite::Query(insert_, type, key, value, use, to_epoch_millis(now)).finish();
  if (!inserted) return inserted.error();
  return count_of(type) + 1;
}

Result<std::size_t> SqliteCacheStore::drop(std::size_t count, sqlite::Query& query) {
  const auto dropped = query.finish();
  if (!dropped) return dropped.error();
  return count - std::min(count, static_cast<std::size_t>(sqlite3_changes(connection_.handle())));
}

Result<std::size_t> SqliteCacheStore::trim(std::string_view type, Result<std::size_t> count,
                                           std::size_t limit) {
  if (!count || *count <= limit) return count;
  sqlite::Query query(evict_, type, *count - limit);
  return drop(*count, query);
}

Result<void> SqliteCacheStore::begin() {
  const auto begun = connection_.begin();
  if (!begun) return begun;
  const auto written = write_uses();
  return written ? written : connection_.end(written);
}

Result<void> SqliteCacheStore::end(std::string_view type, const Result<std::size_t>& count) {
  const auto ended = connection_.end(count ? Result<void>() : Result<void>(count.error()));
  if (!ended) return ended;
  pending_uses_.clear();
  if (*count > 0) {
    counts_.insert_or_assign(std::string(type), *count);
  } else if (const auto place = counts_.find(type); place != counts_.end()) {
    counts_.erase(place);
  }
  return ended;
}

}  // namespace spreadable::detail
