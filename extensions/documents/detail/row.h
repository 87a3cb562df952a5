// extensions/documents/detail/row.h: a document as a row of a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "extensions/documents/collection.h"
#include "extensions/documents/document.h"
#include "services/storage/sqlite/statement.h"

namespace spreadable::documents::detail {

/// The row that a query has reached, not yet taken apart: its texts end with the query's next step.
struct RowView {
  std::int64_t row = 0;
  std::int64_t time = 0;
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
  std::int64_t accessed_at = 0;
  std::int64_t bytes = 0;
  std::string_view key{};
  bool is_number = false;
  std::string_view owner{};
  std::string_view digest{};
  std::string_view fields{};

  /// Requires: a query by one of the first statements of TableSql.
  [[nodiscard]] static RowView of(const sqlite::Query& query);

  /// Whether key and fields are those that were stored.
  [[nodiscard]] bool is_intact() const;
  [[nodiscard]] Json key_json() const;
  /// Errc::damaged unless it is intact.
  [[nodiscard]] Result<Document> document() const;
};

/// A document in the form in which it is written.
struct RowImage {
  Document document{};  ///< the row is set once it is known
  std::string key{};
  std::optional<std::string> pk{};
  std::optional<double> odd_pk{};
  std::optional<std::string> rank{};  ///< none in a collection that never evicts
  std::string fields{};
  std::uint64_t bytes = 0;

  /// Works out everything but the row. Numbers in the fields are brought to the one form in which
  /// all nodes write them, and the revision's digest is set.
  [[nodiscard]] static RowImage of(const Collection& collection, Document document);
  /// As of(), of a row whose fields have not changed.
  [[nodiscard]] static std::optional<std::string> rank_of(const Collection& collection,
                                                          const Document& document);
};

/// Whole numbers that are written with a fraction or exponent (5.0) as integers, as JavaScript
/// writes them.
void normalize_numbers(Json& value);

}  // namespace spreadable::documents::detail
