#include "services/storage/detail/sqlite_stores.h"

#include <utility>

namespace spreadable::detail {

Result<std::unique_ptr<SqliteDataStore>> SqliteDataStore::make(sqlite::Connection& connection) {
  std::unique_ptr<SqliteDataStore> store(new SqliteDataStore(connection));
  const MutexLock lock(store->connection_.mutex);
  const auto prepared = sqlite::Statement::prepare_all(
      store->connection_.handle(), {{store->get_, "SELECT value FROM data WHERE key = ?1"},
                                    {store->set_,
                                     "INSERT INTO data (key, value) VALUES (?1, ?2) "
                                     "ON CONFLICT (key) DO UPDATE SET value = excluded.value"}});
  if (!prepared) return prepared.error();
  return store;
}

Result<std::optional<std::string>> SqliteDataStore::get(std::string_view key) {
  const MutexLock lock(connection_.mutex);
  sqlite::Query query(get_, key);
  const auto row = query.step();
  if (!row) return row.error();
  return *row ? std::optional(query.text(0)) : std::nullopt;
}

Result<void> SqliteDataStore::set(std::string_view key, std::string_view value) {
  const MutexLock lock(connection_.mutex);
  return sqlite::Query(set_, key, value).finish();
}

Result<std::unique_ptr<SqlitePeerStore>> SqlitePeerStore::make(sqlite::Connection& connection) {
  std::unique_ptr<SqlitePeerStore> store(new SqlitePeerStore(connection));
  const MutexLock lock(store->connection_.mutex);
  const auto prepared = sqlite::Statement::prepare_all(
      store->connection_.handle(),
      {{store->load_,
        "SELECT address, is_master, is_slave, is_backlink, seen_at FROM peers ORDER BY position"},
       {store->remove_all_, "DELETE FROM peers"},
       {store->insert_,
        "INSERT INTO peers (position, address, is_master, is_slave, is_backlink, seen_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"}});
  if (!prepared) return prepared.error();
  return store;
}

Result<std::vector<PeerRecord>> SqlitePeerStore::load() {
  const MutexLock lock(connection_.mutex);
  std::vector<PeerRecord> peers;
  sqlite::Query query(load_);
  while (true) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return peers;
    auto address = Address::parse(query.text(0));
    if (!address) continue;  // a damaged row: one peer less to come back through
    peers.push_back({.address = std::move(*address),
                     .is_master = query.integer(1) != 0,
                     .is_slave = query.integer(2) != 0,
                     .is_backlink = query.integer(3) != 0,
                     .seen_at = WallTime(Millis(query.integer(4)))});
  }
}

Result<void> SqlitePeerStore::save(const std::vector<PeerRecord>& peers) {
  const MutexLock lock(connection_.mutex);
  const auto begun = connection_.begin();
  if (!begun) return begun;
  return connection_.end(replace_all(peers));
}

Result<void> SqlitePeerStore::replace_all(const std::vector<PeerRecord>& peers) {
  const auto removed = sqlite::Query(remove_all_).finish();
  if (!removed) return removed;
  std::int64_t position = 0;
  for (const PeerRecord& peer : peers) {
    const std::string& address = peer.address.text();
    const auto inserted = sqlite::Query(insert_, position, address, peer.is_master, peer.is_slave,
                                        peer.is_backlink, to_epoch_millis(peer.seen_at))
                              .finish();
    if (!inserted) return inserted;
    ++position;
  }
  return {};
}

Result<std::unique_ptr<SqliteBanStore>> SqliteBanStore::make(sqlite::Connection& connection) {
  std::unique_ptr<SqliteBanStore> store(new SqliteBanStore(connection));
  const MutexLock lock(store->connection_.mutex);
  const auto prepared = sqlite::Statement::prepare_all(
      store->connection_.handle(),
      {{store->load_, "SELECT address, ip, banned_at, until, reason FROM bans ORDER BY address"},
       {store->put_,
        "INSERT OR REPLACE INTO bans (address, ip, banned_at, until, reason) "
        "VALUES (?1, ?2, ?3, ?4, ?5)"},
       {store->remove_, "DELETE FROM bans WHERE address = ?1"},
       {store->clear_, "DELETE FROM bans"}});
  if (!prepared) return prepared.error();
  return store;
}

Result<std::vector<BanRecord>> SqliteBanStore::load() {
  const MutexLock lock(connection_.mutex);
  std::vector<BanRecord> bans;
  sqlite::Query query(load_);
  while (true) {
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return bans;
    auto address = Address::parse(query.text(0));
    if (!address) continue;  // a damaged row names nobody
    bans.push_back({.address = std::move(*address),
                    .ip = query.text(1),
                    .banned_at = WallTime(Millis(query.integer(2))),
                    .until = WallTime(Millis(query.integer(3))),
                    .reason = query.text(4)});
  }
}

Result<void> SqliteBanStore::put(const BanRecord& ban) {
  const MutexLock lock(connection_.mutex);
  const std::string& address = ban.address.text();
  return sqlite::Query(put_, address, ban.ip, to_epoch_millis(ban.banned_at),
                       to_epoch_millis(ban.until), ban.reason)
      .finish();
}

Result<void> SqliteBanStore::remove(const Address& address) {
  const MutexLock lock(connection_.mutex);
  return sqlite::Query(remove_, address.text()).finish();
}

Result<void> SqliteBanStore::clear() {
  const MutexLock lock(connection_.mutex);
  return sqlite::Query(clear_).finish();
}

}  // namespace spreadable::detail
