// services/storage/sqlite_database.h: a node's state in an SQLite file.
#pragma once

#include <filesystem>
#include <memory>

#include "core/logger.h"
#include "core/stores.h"

namespace spreadable {
namespace detail {
struct SqliteParts;
}

/// Keeps the stores of a node in `<folder>/spreadable.db`, in WAL mode. data(), peers() and bans()
/// commit with synchronous=FULL: what they acknowledged survives `kill -9` and a loss of power.
/// cache() commits on a second connection with synchronous=NORMAL: it survives `kill -9`, but may
/// lose its last commits with the power. Calls block for the disk; each connection lets one caller
/// in at a time, so a slow commit of durable data does not keep anybody from reading the cache. A
/// full disk is an error of the one write (Errc::io); reading goes on. Thread-safe. Source:
/// design.md, law 9; reliability R1, R2, R4, R11.
class SqliteDatabase final : public Database {
 public:
  static constexpr const char* kFileName = "spreadable.db";
  /// Damaged files kept aside. The first ones hold most, so further ones replace the last.
  static constexpr int kDamagedFilesMax = 9;

  /// Opens the file, making it and `folder` when missing, and checks it: this reads it as a whole.
  /// A damaged file does not stop a node: it is renamed to `spreadable.db.damaged-1` (then -2, …)
  /// with its log beside it (`…damaged-1-wal`), an error is logged, and the node begins with an
  /// empty one. Errc::io naming the file and the reason when it cannot be opened or written, or
  /// when a newer version of this program has made it: then it is left as it is. Requires: the
  /// caller holds the StorageLock of `folder`.
  [[nodiscard]] static Result<std::unique_ptr<SqliteDatabase>> open(
      const std::filesystem::path& folder, Logger& logger);

  ~SqliteDatabase() override;

  [[nodiscard]] DataStore& data() override;
  [[nodiscard]] PeerStore& peers() override;
  [[nodiscard]] BanStore& bans() override;
  [[nodiscard]] CacheStore& cache() override;

 private:
  explicit SqliteDatabase(std::unique_ptr<detail::SqliteParts> parts);

  const std::unique_ptr<detail::SqliteParts> parts_;
};

}  // namespace spreadable
