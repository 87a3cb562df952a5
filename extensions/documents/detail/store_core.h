// extensions/documents/detail/store_core.h: what the collections of a store share.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "extensions/documents/detail/store_files.h"
#include "extensions/documents/document_store.h"

namespace spreadable::documents::detail {

/// Lets any number in, until it is closed and empty. Thread-safe.
class Gate {
 public:
  void enter();
  void leave();
  /// Waits until everybody has left; who comes then waits for open(). One caller at a time.
  void close();
  void open();

 private:
  Mutex mutex_;
  Condition changed_;
  std::size_t inside_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_closed_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

/// The open file, and what is known of its health. Thread-safe.
class StoreCore {
 public:
  /// Where a store is kept.
  struct Place {
    std::filesystem::path folder{};  ///< empty: in memory
    std::shared_ptr<MemoryDisk> disk{};
    DocumentStore::Options options{};
  };

  /// As DocumentStore::open.
  [[nodiscard]] static Result<std::unique_ptr<StoreCore>> open(Place place,
                                                               const DocumentStore::Ports& ports);

  [[nodiscard]] const DocumentStore::Ports& ports() const { return ports_; }

  /// Runs a change and commits it: see Writer::write.
  [[nodiscard]] Result<void> write(const Writer::Change& change);
  /// Runs `reading` with a session for reading. It sees one moment's state only within one
  /// statement.
  [[nodiscard]] Result<void> read(const std::function<Result<void>(Session&)>& reading);

  /// Remembers damage, and logs the first.
  void note(const Error& error);
  [[nodiscard]] bool is_damaged() const { return is_damaged_; }

  [[nodiscard]] Result<bool> needs_rebuild();
  /// What makes needs_rebuild() say so.
  [[nodiscard]] static Writer::Change rebuild_change(bool needs);

  /// Sets the file aside and opens a new one, with what can be saved; then calls `attach` while
  /// nobody else is inside. In memory nothing happens: there is no damage.
  [[nodiscard]] Result<void> renew(const std::function<Result<void>()>& attach);
  /// Makes the calls of `attach` while nobody else is inside. They use write_alone().
  [[nodiscard]] Result<void> alone(const std::function<Result<void>()>& attach);
  /// As write(), inside alone() and renew().
  [[nodiscard]] Result<void> write_alone(const Writer::Change& change);

 private:
  StoreCore(Place place, const DocumentStore::Ports& ports)
      : place_(std::move(place)), ports_(ports) {}

  [[nodiscard]] std::filesystem::path file() const;
  [[nodiscard]] Result<void> open_files();
  /// Opens a new file in the place of a damaged one, for `reason`.
  [[nodiscard]] Result<void> begin_anew(const Error& reason);

  const Place place_;
  const DocumentStore::Ports ports_;
  Gate gate_;
  std::unique_ptr<StoreFiles> files_;  // changes only while the gate is closed
  std::atomic<bool> is_damaged_ = false;
};

}  // namespace spreadable::documents::detail
