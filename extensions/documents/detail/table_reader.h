// extensions/documents/detail/table_reader.h: looking through a collection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "extensions/documents/detail/collection_table.h"
#include "extensions/documents/detail/index_plan.h"
#include "extensions/documents/detail/row.h"
#include "extensions/documents/filter.h"

namespace spreadable::documents::detail {

/// Goes through the documents that match a filter, in order of rows, and can be stopped and go on
/// again. Not thread-safe; holds a connection only while advance() runs.
class Cursor {
 public:
  /// Whether to go on behind this document.
  using Visitor = std::function<bool(const RowView&)>;

  /// `table` and `filter` outlive the cursor.
  Cursor(CollectionTable& table, const Filter& filter, Deadline deadline);

  /// Visits until the visitor says no, the time is over, or there are no more. A filter that takes
  /// longer than reliability S19 grants ends it as the deadline does.
  [[nodiscard]] Result<void> advance(const Visitor& visitor);

  /// Whether there are no more.
  [[nodiscard]] bool is_at_end() const { return is_at_end_; }
  /// Whether the time was over.
  [[nodiscard]] bool is_out_of_time() const { return is_out_of_time_; }

 private:
  /// What one document means for those behind it.
  enum class Next { go_on, stop, pause };

  [[nodiscard]] Result<void> prepare();
  /// The rows that an index names; nothing when they are too many, or no index helps.
  [[nodiscard]] Result<std::optional<std::vector<std::int64_t>>> indexed_rows(Session& session);
  [[nodiscard]] Result<void> find_last_row(Session& session);

  /// One slice: as long as others need not wait for the connection.
  [[nodiscard]] Result<Next> run_slice(Session& session, const Visitor& visitor);
  [[nodiscard]] Result<Next> scan(Session& session, const Visitor& visitor);
  [[nodiscard]] Result<Next> look_up(Session& session, const Visitor& visitor);

  /// Tries one document.
  [[nodiscard]] Next offer(const RowView& row, const Visitor& visitor);
  [[nodiscard]] bool matches(const RowView& row) const;
  /// Looks at the clocks now and then.
  [[nodiscard]] Next check_time();
  [[nodiscard]] Duration processor_time() const;

  CollectionTable& table_;
  const Filter& filter_;
  const Deadline deadline_;
  bool is_prepared_ = false;
  std::optional<std::vector<std::int64_t>> rows_;  ///< in order; none: all of the collection
  std::size_t next_ = 0;                           ///< in `rows_`
  std::int64_t after_ = 0;                         ///< the row looked at last
  std::int64_t last_ = 0;                          ///< rows behind it are newer than the cursor
  bool is_at_end_ = false;
  bool is_out_of_time_ = false;

  std::size_t seen_ = 0;
  std::size_t bytes_seen_ = 0;
  TimePoint slice_begin_{};
  Duration slice_processor_begin_{};
  Duration processor_used_{};  ///< by slices before this one
};

}  // namespace spreadable::documents::detail
