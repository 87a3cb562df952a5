// tests/support/faulty_disk.h: a disk below SQLite that fails, and that forgets when the power
// goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/random.h"

namespace spreadable {

/// Stands between SQLite and the system's files for as long as it lives; all files that SQLite
/// opens meanwhile are on it. Remembers what has been synced, and what has been written since. One
/// at a time; close the files before it ends. Thread-safe.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// The `number`th write, truncation or sync from now on fails with SQLite's `code`; 0: none does.
  /// With `stays`, all after it fail as well.
  void fail(std::uint64_t number, int code, bool stays = false);
  /// Writes, truncations and syncs so far.
  [[nodiscard]] std::uint64_t operations() const;

  /// What the disk holds after the power has gone now: files of `from` as they were synced, with
  /// any of the writes since, in any order, some of them torn, written into the folder `to`.
  void cut_power(const std::filesystem::path& from, const std::filesystem::path& to,
                 Random& random) const;

 private:
  friend struct FaultyFile;

  /// A write since the last sync; without data, a truncation to `offset`.
  struct Write {
    std::uint64_t offset;
    std::optional<std::string> data;
  };
  struct Content {
    std::string synced;
    std::vector<Write> pending;
  };

  static void apply(std::string& content, const Write& write);
  /// Counts an operation; the code with which it is to fail, else SQLITE_OK.
  [[nodiscard]] int count() SPREADABLE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Content> files_ SPREADABLE_GUARDED_BY(mutex_);
  std::uint64_t operations_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  std::uint64_t failing_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  int code_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool stays_ SPREADABLE_GUARDED_BY(mutex_) = false;
  struct Vfs;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace spreadable
