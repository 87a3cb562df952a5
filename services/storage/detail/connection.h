// services/storage/detail/connection.h: one connection to an SQLite file.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "core/mutex.h"
#include "core/result.h"

namespace spreadable::detail {

/// An open SQLite file in WAL mode. Whoever uses the handle or a statement made from it holds
/// `mutex`: SQLite itself lets one caller at a time into a connection, so the usual rule that no
/// mutex is held across a disk write would gain nothing here.
class SqliteConnection {
 public:
  /// What a commit waits for.
  enum class Durability {
    full,    ///< for the disk: survives a loss of power
    normal,  ///< for the operating system: survives `kill -9`, may lose the last commits with the
             ///< power
  };

  /// How long a call waits for other connections to the same file, in milliseconds. They hold its
  /// write lock for one commit at a time.
  static constexpr int kBusyMillis = 5'000;

  /// Errc::io naming the file and the reason; sets `code` to SQLite's extended result code.
  [[nodiscard]] static Result<std::unique_ptr<SqliteConnection>> open(
      const std::filesystem::path& file, Durability durability, int& code);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// Runs statements that give no rows.
  [[nodiscard]] Result<void> execute(const char* sql) SPREADABLE_REQUIRES(mutex);

  /// Begins a transaction; the statements that follow count only when end() has returned success.
  [[nodiscard]] Result<void> begin() SPREADABLE_REQUIRES(mutex);
  /// Commits when `outcome` is a success, else takes back everything since begin(). Returns the
  /// first failure of the two.
  [[nodiscard]] Result<void> end(Result<void> outcome) SPREADABLE_REQUIRES(mutex);

  [[nodiscard]] sqlite3* handle() SPREADABLE_REQUIRES(mutex) { return handle_; }

  Mutex mutex;

 private:
  explicit SqliteConnection(sqlite3* handle) : handle_(handle) {}

  sqlite3* const handle_;
};

/// What went wrong last on `handle`, as Errc::io: `storage file "<file>": <reason>`.
[[nodiscard]] Error storage_error(sqlite3* handle);

/// Whether an extended result code says that the file itself is damaged. That includes a plain
/// SQLITE_ERROR: our statements are right, so it means tables or a format that are not ours.
[[nodiscard]] bool is_damage(int code);

}  // namespace spreadable::detail
