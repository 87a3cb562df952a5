// services/storage/sqlite/connection.h: one connection to an SQLite file.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "core/mutex.h"
#include "core/result.h"

namespace spreadable::sqlite {

/// An open SQLite file in WAL mode. Whoever uses the handle or a statement made from it holds
/// `mutex`: SQLite itself lets one caller at a time into a connection, so the usual rule that no
/// mutex is held across a disk write would gain nothing here.
class Connection {
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

  /// Errc::damaged or Errc::io, naming the file and the reason. A name that begins with `file:` is
  /// a URI of SQLite.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file,
                                                                Durability durability);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

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
  explicit Connection(sqlite3* handle) : handle_(handle) {}

  sqlite3* const handle_;
};

/// What went wrong last on `handle`: `storage file "<file>": <reason>`, as Errc::no_space when the
/// disk is full, Errc::damaged when the file is damaged or has not the tables that our statements
/// name, else Errc::io.
[[nodiscard]] Error storage_error(sqlite3* handle);

}  // namespace spreadable::sqlite
