#include "services/storage/sqlite/statement.h"

#include <fmt/format.h>

#include "core/assert.h"
#include "services/storage/sqlite/connection.h"

namespace spreadable::sqlite {

Result<Statement> Statement::prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return storage_error(connection);
  Statement statement;
  statement.handle_.reset(handle);
  return statement;
}

Result<void> Statement::prepare_all(sqlite3* connection,
                                    std::initializer_list<Preparation> preparations) {
  for (const Preparation& preparation : preparations) {
    auto statement = prepare(connection, preparation.sql);
    if (!statement) return statement.error();
    preparation.place = std::move(*statement);
  }
  return {};
}

Query::~Query() {
  sqlite3_reset(handle_);  // repeats the failure of step(), which has been reported
  sqlite3_clear_bindings(handle_);
}

Result<bool> Query::step() {
  if (failure_ == SQLITE_OK) {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return storage_error(sqlite3_db_handle(handle_));
  }
  return Error{Errc::io, fmt::format("storage: {}", sqlite3_errstr(failure_)), {}};
}

Result<void> Query::finish() {
  while (true) {
    const auto row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

std::string_view Query::bytes(int column) const {
  const void* const data = sqlite3_column_blob(handle_, column);
  const int length = sqlite3_column_bytes(handle_, column);
  if (data == nullptr) return {};  // empty
  return {static_cast<const char*>(data), static_cast<std::size_t>(length)};
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

void Query::bind(int index, std::string_view value) {
  // A null pointer would bind NULL instead of an empty blob.
  const char* const data = value.empty() ? "" : value.data();
  note(sqlite3_bind_blob64(handle_, index, data, value.size(), SQLITE_STATIC));
}

void Query::bind(int index, double value) {
  note(sqlite3_bind_double(handle_, index, value));
}

void Query::bind(int index, std::nullptr_t) {
  note(sqlite3_bind_null(handle_, index));
}

void Query::bind_integer(int index, std::int64_t value) {
  note(sqlite3_bind_int64(handle_, index, value));
}

void Query::note(int code) {
  SPREADABLE_ASSERT(code != SQLITE_RANGE);  // more values than parameters
  if (failure_ == SQLITE_OK) failure_ = code;
}

}  // namespace spreadable::sqlite
