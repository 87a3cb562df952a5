#include "extensions/documents/detail/salvage.h"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "extensions/documents/detail/row.h"
#include "extensions/documents/detail/schema_sql.h"
#include "extensions/documents/detail/session.h"

namespace spreadable::documents::detail {
namespace {

constexpr std::size_t kChunk = 1'000;          ///< documents copied by one commit
constexpr std::size_t kFailuresMax = 100'000;  ///< places passed over, of one table

struct Catalogued {
  std::int64_t id = 0;
  std::string name;
};

/// A document and the columns that others are made from.
struct SavedRow {
  std::int64_t numbers[6];  ///< row, time, created_at, updated_at, accessed_at, bytes
  std::string key;
  bool is_number;
  std::string owner, digest, fields;

  explicit SavedRow(const RowView& view)
      : numbers{view.row,        view.time,        view.created_at,
                view.updated_at, view.accessed_at, view.bytes},
        key(view.key),
        is_number(view.is_number),
        owner(view.owner),
        digest(view.digest),
        fields(view.fields) {}
};

struct SavedTombstone {
  std::string key;
  std::int64_t time;
};

/// Reads a table from its first row to its last, in spite of damage: behind a place that cannot be
/// read it goes on further and further away, until something can be read again.
class DamagedTable {
 public:
  DamagedTable(Session& session, std::int64_t id)
      : session_(session), after_row_(TableSql(id).after_row) {}

  /// Up to kChunk more documents; none at the end.
  std::vector<SavedRow> next() {
    std::vector<SavedRow> rows;
    while (rows.size() < kChunk && !is_done_) read_stretch(rows);
    return rows;
  }

 private:
  void read_stretch(std::vector<SavedRow>& rows) {
    auto statement = session_.prepared(after_row_);
    if (!statement) {
      is_done_ = true;
      return;
    }
    sqlite::Query query(**statement, last_);
    while (rows.size() < kChunk) {
      const auto row = query.step();
      if (!row) return skip();
      if (!*row) {
        is_done_ = true;
        return;
      }
      const RowView view = RowView::of(query);
      last_ = view.row;
      leap_ = 1;
      if (view.is_intact()) rows.emplace_back(view);
    }
  }

  void skip() {
    const bool is_far = last_ > std::numeric_limits<std::int64_t>::max() - leap_;
    is_done_ = is_far || ++failures_ > kFailuresMax || leap_ > (std::int64_t{1} << 40);
    if (is_done_) return;
    last_ += leap_;
    leap_ *= 2;
  }

  Session& session_;
  const std::string after_row_;
  std::int64_t last_ = 0;
  std::int64_t leap_ = 1;
  std::size_t failures_ = 0;
  bool is_done_ = false;
};

std::vector<Catalogued> catalogue_of(Session& session) {
  std::vector<Catalogued> found;
  auto statement = session.prepared("SELECT id, name FROM collections ORDER BY id");
  if (!statement) return found;
  sqlite::Query query(**statement);
  for (auto row = query.step(); row && *row; row = query.step()) {
    found.push_back({query.integer(0), query.text(1)});
  }
  return found;
}

std::vector<SavedTombstone> tombstones_of(Session& session, std::int64_t id) {
  std::vector<SavedTombstone> found;
  auto statement = session.prepared(fmt::format("SELECT key, time FROM tombstones_{}", id));
  if (!statement) return found;
  sqlite::Query query(**statement);
  for (auto row = query.step(); row && *row; row = query.step()) {
    found.push_back({query.text(0), query.integer(1)});
  }
  return found;
}

/// The tables of a collection in the new file; an empty shape matches no options, so that they are
/// filled in when the collection is opened.
Result<void> make_tables(Session& session, const Catalogued& collection) {
  auto made = session.execute(create_tables_sql(collection.id).c_str());
  if (!made) return made;
  return session.run(
      "INSERT INTO collections (id, name, shape, documents, bytes) VALUES (?1, ?2, ?3, 0, 0)",
      collection.id, std::string_view(collection.name), std::string_view());
}

Result<void> put_row(Session& session, std::int64_t id, const SavedRow& row) {
  return session.run(
      fmt::format("INSERT OR IGNORE INTO documents_{} (row, time, created_at, updated_at, "
                  "accessed_at, bytes, key, is_number, owner, digest, fields) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                  id),
      row.numbers[0], row.numbers[1], row.numbers[2], row.numbers[3], row.numbers[4],
      row.numbers[5], std::string_view(row.key), row.is_number, std::string_view(row.owner),
      std::string_view(row.digest), std::string_view(row.fields));
}

std::size_t copy_documents(DamagedTable& table, std::int64_t id, Writer& writer) {
  std::size_t copied = 0;
  for (auto rows = table.next(); !rows.empty(); rows = table.next()) {
    const auto written = writer.write({.run = [&](Session& session) -> Result<void> {
      for (const SavedRow& row : rows) {
        if (auto put = put_row(session, id, row); !put) return put;
      }
      return {};
    }});
    if (!written) break;
    copied += rows.size();
  }
  return copied;
}

std::size_t copy_collection(Session& damaged, const Catalogued& collection, Writer& writer) {
  const auto tombstones = tombstones_of(damaged, collection.id);
  const auto made = writer.write({.run = [&](Session& session) -> Result<void> {
    if (auto tables = make_tables(session, collection); !tables) return tables;
    const std::string bury = TableSql(collection.id).bury;
    for (const SavedTombstone& one : tombstones) {
      if (auto put = session.run(bury, std::string_view(one.key), one.time); !put) return put;
    }
    return {};
  }});
  if (!made) return 0;
  DamagedTable table(damaged, collection.id);
  return copy_documents(table, collection.id, writer);
}

}  // namespace

std::size_t salvage(const std::filesystem::path& file, Writer& writer) {
  auto connection = sqlite::Connection::open(file, sqlite::Connection::Durability::normal);
  if (!connection) return 0;
  Session damaged(std::move(*connection));
  std::size_t copied = 0;
  for (const Catalogued& collection : catalogue_of(damaged)) {
    copied += copy_collection(damaged, collection, writer);
  }
  return copied;
}

}  // namespace spreadable::documents::detail
