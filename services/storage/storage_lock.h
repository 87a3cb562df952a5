// services/storage/storage_lock.h: one process per storage folder.
#pragma once

#include <filesystem>

#include "core/result.h"

namespace spreadable {

/// Keeps other nodes off a storage folder for as long as it lives: two processes that write the
/// same files damage them. The lock belongs to the open file, so it ends with the process however
/// that ends; the file itself stays. A child made by fork without exec keeps its parent's lock.
/// Source: reliability R18.
class StorageLock {
 public:
  static constexpr const char* kFileName = "lock";

  /// Makes `folder` unless it is there (for its owner alone), and locks it. Does not wait.
  /// Errc::io, naming the folder: `storage folder "/x" is in use by another node (process 123)`, or
  /// why it cannot be made or written to.
  [[nodiscard]] static Result<StorageLock> acquire(const std::filesystem::path& folder);

  StorageLock(StorageLock&& other) noexcept;
  StorageLock& operator=(StorageLock&& other) noexcept;
  ~StorageLock();

 private:
  explicit StorageLock(int file) : file_(file) {}

  int file_;  // -1: moved from
};

}  // namespace spreadable
