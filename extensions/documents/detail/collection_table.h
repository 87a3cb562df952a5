// extensions/documents/detail/collection_table.h: one collection in the open file.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/mutex.h"
#include "core/result.h"
#include "extensions/documents/collection.h"
#include "extensions/documents/detail/schema_sql.h"
#include "extensions/documents/detail/session.h"
#include "extensions/documents/detail/store_core.h"

namespace spreadable::documents::detail {

/// Documents and bytes of a collection.
struct Totals {
  std::int64_t documents = 0;
  std::int64_t bytes = 0;

  friend bool operator==(const Totals&, const Totals&) = default;
};

/// What is known of a collection while its store is open. Thread-safe.
class CollectionTable {
 public:
  /// Accesses gathered before they are written by themselves.
  static constexpr std::size_t kAccessesMax = 10'000;

  /// `core` outlives the table.
  CollectionTable(StoreCore& core, std::shared_ptr<const Collection> collection);

  [[nodiscard]] StoreCore& core() const { return core_; }
  [[nodiscard]] const Collection& collection() const { return *collection_; }
  [[nodiscard]] const CollectionOptions& options() const { return collection_->options(); }
  [[nodiscard]] const DocumentStore::Ports& ports() const { return core_.ports(); }
  /// Whether documents ever make room for others.
  [[nodiscard]] bool evicts() const { return options().limit > 0 || options().bytes_max > 0; }

  /// Finds or makes the tables, and brings them in line with the options. Requires: nobody else
  /// uses the store, as inside StoreCore::alone.
  [[nodiscard]] Result<void> attach();

  // After attach().
  [[nodiscard]] std::int64_t id() const { return id_; }
  [[nodiscard]] const TableSql& sql() const { return *sql_; }
  [[nodiscard]] Totals totals() const { return {documents_, bytes_}; }
  /// Makes the totals of a commit known.
  void publish(const Totals& totals);

  /// Times of access by row, until somebody takes them to write them down.
  using Accesses = std::map<std::int64_t, std::int64_t>;
  /// True when there are so many that they should be written now.
  [[nodiscard]] bool note_access(std::int64_t row, std::int64_t time);
  [[nodiscard]] Accesses take_accesses();

 private:
  StoreCore& core_;
  const std::shared_ptr<const Collection> collection_;  // shared with the node that made it
  std::int64_t id_ = 0;
  std::unique_ptr<const TableSql> sql_;
  std::atomic<std::int64_t> documents_ = 0;
  std::atomic<std::int64_t> bytes_ = 0;
  Mutex mutex_;
  Accesses accesses_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable::documents::detail
