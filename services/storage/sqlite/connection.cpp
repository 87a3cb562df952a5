#include "services/storage/sqlite/connection.h"

#include <fmt/format.h>

#include <string>
#include <tuple>

#include "core/assert.h"

namespace spreadable::sqlite {
namespace {

/// A file of ours is trusted no further than its checksums go, and a disk not even so far: these
/// make SQLite look twice at what it reads. The limit shrinks the log again after a burst of
/// writes.
constexpr const char* kPragmas =
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA journal_size_limit = 16777216;";

int configure(sqlite3* handle, Connection::Durability durability) {
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, Connection::kBusyMillis);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const bool is_full = durability == Connection::Durability::full;
  for (const char* sql :
       {kPragmas, "PRAGMA journal_mode = WAL;",
        is_full ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;"}) {
    const int code = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

/// What kind of failure an extended result code is. A plain SQLITE_ERROR is damage too: our
/// statements are right, so it means tables or a format that are not ours.
Errc kind_of(int code) {
  const int primary = code & 0xff;
  if (primary == SQLITE_FULL) return Errc::no_space;
  const bool is_damage =
      primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || code == SQLITE_ERROR;
  return is_damage ? Errc::damaged : Errc::io;
}

}  // namespace

Error storage_error(sqlite3* handle) {
  const char* const file = sqlite3_db_filename(handle, "main");
  return Error{
      kind_of(sqlite3_extended_errcode(handle)),
      fmt::format("storage file \"{}\": {}", file == nullptr ? "" : file, sqlite3_errmsg(handle)),
      {}};
}

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file,
                                                     Durability durability) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
  int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  SPREADABLE_ASSERT(handle != nullptr);  // only missing when memory has run out
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code == SQLITE_OK) code = configure(handle, durability);
  if (code == SQLITE_OK) return connection;
  return Error{
      kind_of(code),
      fmt::format("cannot open storage file \"{}\": {}", file.string(), sqlite3_errmsg(handle)),
      {}};
}

Connection::~Connection() {
  // A failure would mean a statement that outlives its connection.
  SPREADABLE_ASSERT(sqlite3_close(handle_) == SQLITE_OK);
}

Result<void> Connection::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return storage_error(handle_);
}

Result<void> Connection::begin() {
  // Left open by an exception between begin() and end(); its statements must not become part of
  // this.
  if (sqlite3_get_autocommit(handle_) == 0) std::ignore = execute("ROLLBACK");
  return execute("BEGIN IMMEDIATE");
}

Result<void> Connection::end(Result<void> outcome) {
  if (outcome) outcome = execute("COMMIT");
  // Errors such as a full disk have rolled back already.
  if (!outcome && sqlite3_get_autocommit(handle_) == 0) std::ignore = execute("ROLLBACK");
  return outcome;
}

}  // namespace spreadable::sqlite
