// extensions/documents/document_store.h: the documents of one node, on its disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/logger.h"
#include "core/random.h"
#include "core/result.h"
#include "extensions/documents/collection.h"

namespace spreadable::documents {
namespace detail {
class Scrub;
class StoreCore;
class StoreFiles;
}  // namespace detail
class CollectionStore;

/// A disk in memory: a store opened on it later finds what earlier ones have committed. For
/// simulations, tests and nodes that are thrown away. One store at a time.
class MemoryDisk {
 public:
  MemoryDisk();
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

 private:
  friend class detail::StoreFiles;
  struct Anchor;
  const std::unique_ptr<Anchor> anchor_;
};

/// Keeps collections in `<folder>/documents.db`, an SQLite file in WAL mode with synchronous=FULL:
/// what a change acknowledged survives `kill -9` and a loss of power. Changes that wait while
/// another one is being written to the disk are written together, with one sync for all. Readers
/// see whole commits, do not wait for writers, and use one of a few connections in turn.
/// A full disk fails the one change with Errc::no_space, and reading goes on.
/// Each document carries a checksum: one that the disk has altered is not served, and counts as
/// damage. Thread-safe; calls block for the disk. No call waits for another thread unless there is
/// one, so a store on a MemoryDisk works on a single thread.
/// Source: design.md, laws 9 and 10; reliability R1, R2, R4, R11.
class DocumentStore {
 public:
  static constexpr const char* kFileName = "documents.db";
  static constexpr std::size_t kCollectionsMax = 1'000;
  /// How long a deletion is remembered: a node that was away for longer may bring documents back.
  static constexpr Millis kTombstoneLifetime = std::chrono::days{90};
  static constexpr std::size_t kTombstonesMax = 1'000'000;  ///< of a collection; the oldest go

  struct Options {
    std::size_t readers = 4;  ///< connections for reading; with more at a time, they take turns
    /// Pages that all connections together keep in memory.
    std::uint64_t cache_bytes = 64 << 20;
    /// A file up to this size is checked as a whole when it is opened; a larger one by scrub().
    std::uint64_t checked_bytes_max = 256 << 20;
  };
  struct Ports {
    const Clock& clock;
    Random& random;
    Logger& logger;
    /// Processor time of the calling thread (services/system/thread_time.h): filters that use up
    /// more than reliability S19 grants are cut off. None: they may take until their deadline, as
    /// in a simulation, where equal seeds must give equal runs.
    std::function<Duration()> thread_time{};
  };

  /// Opens the file, making it and `folder` when missing. A damaged file does not stop a node: it
  /// is set aside as `documents.db.damaged-1` (then -2, …), an error is logged, a new file is begun
  /// and takes over every document of the old one that can still be read and has the right
  /// checksum; needs_rebuild() is true then. Errc::io naming the file and the reason when it cannot
  /// be opened or written, or when a newer version of this program has made it: then it is left as
  /// it is. `ports` outlive the store. Requires: the caller holds the StorageLock of `folder`.
  [[nodiscard]] static Result<std::unique_ptr<DocumentStore>> open(
      const std::filesystem::path& folder, const Options& options, const Ports& ports);
  [[nodiscard]] static Result<std::unique_ptr<DocumentStore>> open(std::shared_ptr<MemoryDisk> disk,
                                                                   const Ports& ports);

  ~DocumentStore();

  /// Makes the collection known, with a table when there is none yet. Where options that shape the
  /// table have changed (pk, duplicationKey, indices, limitationOrder) it is brought in line, which
  /// reads all its documents; documents that then share a pk with another one, or have none, are
  /// taken out and logged. `collection` is shared with the CollectionStore. Errc::invalid_argument
  /// when one of that name is open already. Not while the store is in use.
  [[nodiscard]] Result<void> add(std::shared_ptr<const Collection> collection);
  /// The documents of a collection, or nullptr. Lives as long as the store.
  [[nodiscard]] CollectionStore* find(std::string_view name) const;
  /// Names of the collections that add() made known, in order of adding.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Deletes all collections that add() has not made known, with their documents. Upstream does so
  /// at each sync. Gives the names.
  [[nodiscard]] Result<std::vector<std::string>> drop_others();

  /// For a periodic task: writes gathered accesses, evicts what is too much, forgets old
  /// tombstones, copies the log to the file.
  [[nodiscard]] Result<void> maintain();

  /// Whether documents may have been lost here, so that peers should be asked for what they have.
  /// Kept over restarts until set_rebuilt().
  [[nodiscard]] bool needs_rebuild() const;
  [[nodiscard]] Result<void> set_rebuilt();

  /// Whether a call has met damage since the store was opened.
  [[nodiscard]] bool is_damaged() const;
  /// Sets the damaged file aside and goes on with a new one, as open() does. Callers in other
  /// threads wait meanwhile. Nothing happens unless is_damaged().
  [[nodiscard]] Result<void> renew();
  /// Checks part of the file, for at most `slice`: pages and checksums. True when it has come to
  /// the end, and the next call begins anew. What it finds sets is_damaged().
  [[nodiscard]] Result<bool> scrub(Duration slice);

 private:
  struct Shelf;
  explicit DocumentStore(std::unique_ptr<detail::StoreCore> core);

  const std::unique_ptr<detail::StoreCore> core_;
  std::vector<Shelf> shelves_;  // changes before the store is used
  const std::unique_ptr<detail::Scrub> scrub_;
};

}  // namespace spreadable::documents
