// services/storage/sqlite/statement.h: prepared SQLite statements.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace spreadable::sqlite {

/// A statement compiled once and run many times, by way of Query. Not thread-safe.
class Statement {
 public:
  /// Not usable yet: stands where a prepared one is moved to.
  Statement() = default;

  /// Errc::io when the file lacks a table or column that `sql` names.
  [[nodiscard]] static Result<Statement> prepare(sqlite3* connection, std::string_view sql);

  /// Prepares several, each into its place.
  struct Preparation {
    Statement& place;
    std::string_view sql;
  };
  [[nodiscard]] static Result<void> prepare_all(sqlite3* connection,
                                                std::initializer_list<Preparation> preparations);

 private:
  friend class Query;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

/// One run of a Statement, reset at the end of the scope. Texts are bound as blobs, so that they
/// may hold any bytes and come back unchanged; they must outlive the Query.
class Query {
 public:
  /// Binds `values` to the parameters ?1, ?2, … A failure is reported by step().
  template <class... Values>
  explicit Query(Statement& statement, const Values&... values) : handle_(statement.handle_.get()) {
    int index = 0;
    (bind(++index, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Goes on to the next row; false when there is none.
  [[nodiscard]] Result<bool> step();
  /// Runs to the end, passing over rows.
  [[nodiscard]] Result<void> finish();

  // Columns of the row that step() reached.
  [[nodiscard]] std::string text(int column) const { return std::string(bytes(column)); }
  /// As text(), until the next step.
  [[nodiscard]] std::string_view bytes(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  void bind(int index, std::string_view value);
  void bind(int index, std::integral auto value) {
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  void bind(int index, double value);
  void bind(int index, std::nullptr_t);
  template <class Value>
  void bind(int index, const std::optional<Value>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }
  void bind_integer(int index, std::int64_t value);
  /// Remembers the first failure.
  void note(int code);

  sqlite3_stmt* const handle_;
  int failure_ = SQLITE_OK;
};

}  // namespace spreadable::sqlite
