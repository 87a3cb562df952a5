// extensions/documents/detail/table_writer.h: changes of a collection inside a transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extensions/documents/detail/collection_table.h"
#include "extensions/documents/detail/index_key.h"
#include "extensions/documents/detail/row.h"

namespace spreadable::documents::detail {

/// A document with the bytes it counts for.
struct StoredRow {
  Document document;
  std::int64_t bytes = 0;
};

/// Keeps rows, index entries and totals together. Lives as long as a change runs; the totals are to
/// be published once it is committed.
class TableWriter {
 public:
  /// `table` and `session` outlive the writer.
  TableWriter(CollectionTable& table, Session& session)
      : table_(table), sql_(table.sql()), session_(session) {}

  /// First of all: reads the totals, and writes the accesses that were gathered.
  [[nodiscard]] Result<void> begin();
  /// Last of all: writes the totals.
  [[nodiscard]] Result<void> end();
  [[nodiscard]] const Totals& totals() const { return totals_; }

  [[nodiscard]] Result<std::optional<StoredRow>> find_row(std::int64_t row);
  [[nodiscard]] Result<std::optional<StoredRow>> find_key(std::string_view key);
  [[nodiscard]] Result<std::optional<StoredRow>> find_pk(std::string_view pk);
  /// The time of the deletion of a document.
  [[nodiscard]] Result<std::optional<std::int64_t>> find_tombstone(std::string_view key);

  /// Sets the row of `image`. Requires: key and pk are free.
  [[nodiscard]] Result<void> insert(RowImage& image);
  /// Requires: `old` is stored, and key and pk of `image` are free or its own.
  [[nodiscard]] Result<void> replace(const StoredRow& old, const RowImage& image);
  [[nodiscard]] Result<void> remove(const StoredRow& old);
  [[nodiscard]] Result<void> bury(std::string_view key, std::int64_t time);
  [[nodiscard]] Result<void> dig_up(std::string_view key);

  /// Removes what is beyond the limits of the collection; gives how many.
  [[nodiscard]] Result<std::size_t> evict();

  /// The entries of a document in the indices of the collection: field and key.
  using Entries = std::vector<std::pair<std::size_t, IndexKey>>;
  [[nodiscard]] Entries entries_of(const Json& fields) const;
  /// Runs add_entry or remove_entry for each of `entries`.
  [[nodiscard]] Result<void> write_entries(const std::string& sql, const Entries& entries,
                                           std::int64_t row);

 private:
  [[nodiscard]] Result<std::optional<StoredRow>> find(const std::string& sql, std::string_view key);
  [[nodiscard]] Result<std::vector<StoredRow>> first_to_go(std::int64_t count);
  [[nodiscard]] Result<void> write_access(std::int64_t row, std::int64_t time);

  CollectionTable& table_;
  const TableSql& sql_;
  Session& session_;
  Totals totals_{};
  Totals totals_before_{};
};

}  // namespace spreadable::documents::detail
