#include "extensions/documents/detail/scrub.h"

#include <fmt/format.h>

#include <string>

#include "extensions/documents/detail/row.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kChunk = 64;  ///< documents between two looks at the clock

/// A document and where its key is to be found.
struct Checked {
  std::int64_t row;
  std::string key;
};

/// Whether the index of keys leads to the document.
Result<void> check_key(Session& session, const TableSql& sql, const Checked& checked) {
  auto statement = session.prepared(sql.row_of_key);
  if (!statement) return statement.error();
  sqlite::Query query(**statement, checked.key);
  const auto found = query.step();
  if (!found) return found.error();
  if (*found && query.integer(0) == checked.row) return {};
  return Error{Errc::damaged, fmt::format("the index of keys has lost row {}", checked.row), {}};
}

}  // namespace

Result<bool> Scrub::run(const std::vector<CollectionTable*>& tables, Deadline deadline) {
  const MutexLock lock(mutex_);
  while (table_ < tables.size()) {
    CollectionTable& table = *tables[table_];
    if (deadline.has_passed(table.ports().clock)) return false;
    const auto is_at_end = check_some(table, deadline);
    if (!is_at_end) return is_at_end;
    if (!*is_at_end) return false;
    ++table_;
    after_ = 0;
  }
  table_ = 0;
  return true;
}

Result<bool> Scrub::check_some(CollectionTable& table, Deadline deadline) {
  bool is_at_end = false;
  std::int64_t after = after_;
  const auto checked = table.core().read([&](Session& session) -> Result<void> {
    while (!is_at_end && !deadline.has_passed(table.ports().clock)) {
      std::vector<Checked> chunk;
      {
        auto statement = session.prepared(table.sql().after_row);
        if (!statement) return statement.error();
        sqlite::Query query(**statement, after);
        while (chunk.size() < kChunk) {
          const auto found = query.step();
          if (!found) return found.error();
          is_at_end = !*found;
          if (is_at_end) break;
          const RowView row = RowView::of(query);
          if (!row.is_intact()) return row.document().error();
          chunk.push_back({row.row, std::string(row.key)});
          after = row.row;
        }
      }
      for (const Checked& one : chunk) {
        if (auto found = check_key(session, table.sql(), one); !found) return found;
      }
    }
    return {};
  });
  after_ = after;
  if (!checked) return checked.error();
  return is_at_end;
}

}  // namespace spreadable::documents::detail
