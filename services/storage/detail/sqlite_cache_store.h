// services/storage/detail/sqlite_cache_store.h: the CacheStore of SqliteDatabase.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/stores.h"
#include "services/storage/sqlite/connection.h"
#include "services/storage/sqlite/statement.h"

namespace spreadable::detail {

/// Uses are numbered, so that their order does not depend on a clock. To keep get() from writing to
/// the disk, uses are gathered in memory and written with the next change: a crash may lose some,
/// which only makes an entry look older than it is. Requires: nobody else writes to the table.
/// Writes need no more than normal durability.
class SqliteCacheStore final : public CacheStore {
 public:
  static constexpr std::size_t kPendingUsesMax = 1'000;  ///< then they are written at once

  /// Errc::io when the file lacks the table. `connection` must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<SqliteCacheStore>> make(
      sqlite::Connection& connection);
  ~SqliteCacheStore() override;

  [[nodiscard]] Result<std::optional<Entry>> get(std::string_view type, std::string_view key,
                                                 WallTime now) override;
  [[nodiscard]] Result<void> set(std::string_view type, std::string_view key,
                                 std::string_view value, WallTime now, std::size_t limit) override;
  [[nodiscard]] Result<void> remove(std::string_view type, std::string_view key) override;
  [[nodiscard]] Result<void> normalize(std::string_view type, WallTime created_before,
                                       std::size_t limit) override;
  [[nodiscard]] Result<void> flush(std::string_view type) override;

 private:
  explicit SqliteCacheStore(sqlite::Connection& connection) : connection_(connection) {}

  [[nodiscard]] std::size_t count_of(std::string_view type) const
      SPREADABLE_REQUIRES(connection_.mutex);
  [[nodiscard]] Result<void> prepare() SPREADABLE_REQUIRES(connection_.mutex);
  /// Reads how many entries there are of each type, and the last use.
  [[nodiscard]] Result<void> load_counts() SPREADABLE_REQUIRES(connection_.mutex);
  /// Writes the gathered uses in a transaction of their own.
  [[nodiscard]] Result<void> save_uses() SPREADABLE_REQUIRES(connection_.mutex);

  // Parts of one change, inside a transaction. Each gives how many entries of the type there are
  // then.
  [[nodiscard]] Result<void> write_uses() SPREADABLE_REQUIRES(connection_.mutex);
  [[nodiscard]] Result<std::size_t> put(std::string_view type, std::string_view key,
                                        std::string_view value, WallTime now)
      SPREADABLE_REQUIRES(connection_.mutex);
  [[nodiscard]] Result<std::size_t> drop(std::size_t count, sqlite::Query& query)
      SPREADABLE_REQUIRES(connection_.mutex);
  [[nodiscard]] Result<std::size_t> trim(std::string_view type, Result<std::size_t> count,
                                         std::size_t limit) SPREADABLE_REQUIRES(connection_.mutex);

  /// Begins a change and writes the gathered uses.
  [[nodiscard]] Result<void> begin() SPREADABLE_REQUIRES(connection_.mutex);
  /// Ends it; on success `count` is what there is of `type`.
  [[nodiscard]] Result<void> end(std::string_view type, const Result<std::size_t>& count)
      SPREADABLE_REQUIRES(connection_.mutex);

  sqlite::Connection& connection_;
  sqlite::Statement get_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement use_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement update_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement insert_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement remove_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement remove_old_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement evict_ SPREADABLE_GUARDED_BY(connection_.mutex);
  sqlite::Statement flush_ SPREADABLE_GUARDED_BY(connection_.mutex);

  // Counting rows would take SQLite as long as reading them.
  std::map<std::string, std::size_t, std::less<>> counts_ SPREADABLE_GUARDED_BY(connection_.mutex);
  std::int64_t last_use_ SPREADABLE_GUARDED_BY(connection_.mutex) = 0;
  /// Type and key of entries used since the last write, with the number of the use.
  std::map<std::pair<std::string, std::string>, std::int64_t> pending_uses_
      SPREADABLE_GUARDED_BY(connection_.mutex);
};

}  // namespace spreadable::detail
