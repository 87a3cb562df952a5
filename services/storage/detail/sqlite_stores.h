// services/storage/detail/sqlite_stores.h: the durable stores of SqliteDatabase.
#pragma once

#include <memory>

#include "core/stores.h"
#include "services/storage/sqlite/connection.h"
#include "services/storage/sqlite/statement.h"

namespace spreadable::detail {

/// Each set() is one commit. Requires: the connection is one of full durability.
class SqliteDataStore final : public DataStore {
 public:
  /// Errc::io when the file lacks the table. `connection` must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<SqliteDataStore>> make(
      sqlite::Connection& connection);

  [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) override;
  [[nodiscard]] Result<void> set(std::string_view key, std::string_view value) override;

 private:
  explicit SqliteDataStore(sqlite::Connection& connection) : connection_(connection) {}

  sqlite::Connection& connection_;
  sqlite::Statement get_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement set_ SPREADABLE_GUARDED_BY(connection_.mutex);
};

/// Each put() and remove() is one commit. Requires: the connection is one of full durability.
class SqliteBanStore final : public BanStore {
 public:
  /// As SqliteDataStore::make.
  [[nodiscard]] static Result<std::unique_ptr<SqliteBanStore>> make(sqlite::Connection& connection);

  [[nodiscard]] Result<std::vector<BanRecord>> load() override;
  [[nodiscard]] Result<void> put(const BanRecord& ban) override;
  [[nodiscard]] Result<void> remove(const Address& address) override;
  [[nodiscard]] Result<void> clear() override;

 private:
  explicit SqliteBanStore(sqlite::Connection& connection) : connection_(connection) {}

  sqlite::Connection& connection_;
  sqlite::Statement load_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement put_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement remove_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement clear_ SPREADABLE_GUARDED_BY(connection_.mutex);
};

/// Rows keep the order in which they were saved.
class SqlitePeerStore final : public PeerStore {
 public:
  /// As SqliteDataStore::make.
  [[nodiscard]] static Result<std::unique_ptr<SqlitePeerStore>> make(
      sqlite::Connection& connection);

  [[nodiscard]] Result<std::vector<PeerRecord>> load() override;
  [[nodiscard]] Result<void> save(const std::vector<PeerRecord>& peers) override;

 private:
  explicit SqlitePeerStore(sqlite::Connection& connection) : connection_(connection) {}

  [[nodiscard]] Result<void> replace_all(const std::vector<PeerRecord>& peers)
      SPREADABLE_REQUIRES(connection_.mutex);

  sqlite::Connection& connection_;
  sqlite::Statement load_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement remove_all_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement insert_ SPREADABLE_GUARDED_BY(connection_.mutex);
};

}  // namespace spreadable::detail
