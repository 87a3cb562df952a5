#include "extensions/documents/detail/schema_sql.h"

#include <fmt/format.h>

#include <array>

namespace spreadable::documents::detail {
namespace {

constexpr std::array<const char*, 1> kSteps{R"sql(
  CREATE TABLE facts (name BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    shape BLOB NOT NULL,
    documents INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  );
)sql"};

/// Large columns come last, so that others are read without them. `odd_pk` is the number that a
/// primary key reads as when it is written in another way than JavaScript writes it.
constexpr const char* kCreate = R"sql(
  CREATE TABLE documents_{0} (
    row INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    accessed_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    key BLOB NOT NULL,
    is_number INTEGER NOT NULL,
    pk BLOB,
    odd_pk REAL,
    rank BLOB,
    owner BLOB,
    digest BLOB NOT NULL,
    fields BLOB NOT NULL
  );
  CREATE UNIQUE INDEX documents_{0}_key ON documents_{0} (key);
  CREATE UNIQUE INDEX documents_{0}_pk ON documents_{0} (pk) WHERE pk IS NOT NULL;
  CREATE INDEX documents_{0}_odd_pk ON documents_{0} (odd_pk) WHERE odd_pk IS NOT NULL;
  CREATE INDEX documents_{0}_rank ON documents_{0} (rank) WHERE rank IS NOT NULL;
  CREATE TABLE entries_{0} (
    field INTEGER NOT NULL,
    value NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (field, value, row)
  ) WITHOUT ROWID;
  CREATE TABLE tombstones_{0} (key BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX tombstones_{0}_time ON tombstones_{0} (time);
)sql";

constexpr const char* kDrop = R"sql(
  DROP TABLE IF EXISTS documents_{0};
  DROP TABLE IF EXISTS entries_{0};
  DROP TABLE IF EXISTS tombstones_{0};
)sql";

std::string text(const char* form, std::int64_t id) {
  return fmt::format(fmt::runtime(form), id);
}

/// A reading of whole documents, up to its condition.
std::string reading(std::int64_t id, const char* rest) {
  return text(
             "SELECT row, time, created_at, updated_at, accessed_at, bytes, key, is_number, owner, "
             "digest, fields FROM documents_{0} ",
             id) +
         rest;
}

}  // namespace

/// "SPD".
const sqlite::Format kStoreFormat{.application_id = 0x53'50'44'00, .steps = kSteps};

std::string create_tables_sql(std::int64_t id) {
  return text(kCreate, id);
}

std::string drop_tables_sql(std::int64_t id) {
  return text(kDrop, id);
}

TableSql::TableSql(std::int64_t id)
    : by_row(reading(id, "WHERE row = ?1")),
      by_key(reading(id, "WHERE key = ?1")),
      by_pk(reading(id, "WHERE pk = ?1")),
      after_row(reading(id, "WHERE row > ?1 ORDER BY row")),
      first_by_rank(reading(id, "WHERE rank IS NOT NULL ORDER BY rank, row LIMIT ?1")),
      row_of_pk(text("SELECT row FROM documents_{0} WHERE pk = ?1", id)),
      row_of_key(text("SELECT row FROM documents_{0} WHERE key = ?1", id)),
      last_row(text("SELECT max(row) FROM documents_{0}", id)),
      insert(
          text("INSERT INTO documents_{0} (time, created_at, updated_at, accessed_at, bytes, key, "
               "is_number, pk, odd_pk, rank, owner, digest, fields) "
               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
               id)),
      replace(text("UPDATE documents_{0} SET time = ?1, created_at = ?2, updated_at = ?3, "
                   "accessed_at = ?4, bytes = ?5, key = ?6, is_number = ?7, pk = ?8, odd_pk = ?9, "
                   "rank = ?10, owner = ?11, digest = ?12, fields = ?13 WHERE row = ?14",
                   id)),
      remove(text("DELETE FROM documents_{0} WHERE row = ?1", id)),
      access(text("UPDATE documents_{0} SET accessed_at = ?2, rank = ?3 WHERE row = ?1", id)),
      add_entry(
          text("INSERT OR IGNORE INTO entries_{0} (field, value, row) VALUES (?1, ?2, ?3)", id)),
      remove_entry(
          text("DELETE FROM entries_{0} WHERE field = ?1 AND value = ?2 AND row = ?3", id)),
      rows_between(
          text("SELECT row FROM entries_{0} WHERE field = ?1 AND value >= ?2 AND value <= ?3", id)),
      count_between(text("SELECT count(*) FROM (SELECT 1 FROM entries_{0} WHERE field = ?1 AND "
                         "value >= ?2 AND value <= ?3 LIMIT ?4)",
                         id)),
      rows_of_pk(text("SELECT row FROM documents_{0} WHERE pk = ?1 UNION ALL "
                      "SELECT row FROM documents_{0} WHERE odd_pk = ?2",
                      id)),
      tombstone(text("SELECT time FROM tombstones_{0} WHERE key = ?1", id)),
      bury(text("INSERT OR REPLACE INTO tombstones_{0} (key, time) VALUES (?1, ?2)", id)),
      dig_up(text("DELETE FROM tombstones_{0} WHERE key = ?1", id)),
      tombstones_before(text("DELETE FROM tombstones_{0} WHERE time < ?1", id)),
      tombstones_beyond(text("DELETE FROM tombstones_{0} WHERE key IN (SELECT key FROM "
                             "tombstones_{0} ORDER BY time LIMIT max(0, (SELECT count(*) FROM "
                             "tombstones_{0}) - ?1))",
                             id)),
      traces(
          text("SELECT key, time, 0, digest FROM documents_{0} WHERE key > ?1 UNION ALL "
               "SELECT key, time, 1, x'' FROM tombstones_{0} WHERE key > ?1 ORDER BY key LIMIT ?2",
               id)),
      traces_between(
          text("SELECT key, time, 0, digest FROM documents_{0} WHERE key >= ?1 AND "
               "(?2 IS NULL OR key < ?2) UNION ALL SELECT key, time, 1, x'' FROM "
               "tombstones_{0} WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) ORDER BY key",
               id)) {}

}  // namespace spreadable::documents::detail
