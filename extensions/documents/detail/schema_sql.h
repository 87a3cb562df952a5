// extensions/documents/detail/schema_sql.h: the tables in the file of documents.
#pragma once

#include <cstdint>
#include <string>

#include "services/storage/sqlite/file.h"

namespace spreadable::documents::detail {

/// Of the file: the catalogue of collections, and facts about the store.
extern const sqlite::Format kStoreFormat;

// Names of facts.
inline constexpr const char* kNeedsRebuild = "needs_rebuild";

/// Statements that make the tables of the collection numbered `id`, and that drop them.
[[nodiscard]] std::string create_tables_sql(std::int64_t id);
[[nodiscard]] std::string drop_tables_sql(std::int64_t id);

/// Statements on the tables of one collection. Parameters stand in the order of the columns.
struct TableSql {
  explicit TableSql(std::int64_t id);

  // Columns as Row::read expects them, of the document with …
  std::string by_row;
  std::string by_key;
  std::string by_pk;
  std::string after_row;      ///< ?1: a row; in order of rows
  std::string first_by_rank;  ///< ?1: how many, those to go first

  std::string row_of_pk;
  std::string row_of_key;
  std::string last_row;
  std::string insert;
  std::string replace;  ///< as insert; the row comes last
  std::string remove;
  std::string access;  ///< ?1: row, ?2: time, ?3: rank

  // Index entries: ?1: field, ?2: value, ?3: row.
  std::string add_entry;
  std::string remove_entry;
  std::string rows_between;   ///< ?1: field, ?2 and ?3: values
  std::string count_between;  ///< as above; ?4: the most that is counted
  std::string rows_of_pk;     ///< ?1: text, ?2: number; both may be NULL

  std::string tombstone;          ///< ?1: key
  std::string bury;               ///< ?1: key, ?2: time
  std::string dig_up;             ///< ?1: key
  std::string tombstones_before;  ///< deletes; ?1: time
  std::string tombstones_beyond;  ///< deletes the oldest; ?1: how many stay

  std::string traces;          ///< ?1: key, ?2: how many; key, time, is_deletion, digest
  std::string traces_between;  ///< ?1 and ?2: keys, ?2 NULL: no end
};

}  // namespace spreadable::documents::detail
