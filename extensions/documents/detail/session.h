// extensions/documents/detail/session.h: connections to the file of documents, and who has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "services/storage/sqlite/connection.h"
#include "services/storage/sqlite/statement.h"

namespace spreadable::documents::detail {

/// A connection with the statements that were prepared on it. Used by whoever has it from its pool.
class Session {
 public:
  /// Statements kept: a collection has about twenty, and filters a few shapes more.
  static constexpr std::size_t kStatementsMax = 512;

  explicit Session(std::unique_ptr<sqlite::Connection> connection)
      : connection_(std::move(connection)) {}

  /// The statement of `sql`, prepared when it is new; as long as the session is not given back.
  /// Errors are those of sqlite::Statement::prepare.
  [[nodiscard]] Result<sqlite::Statement*> prepared(std::string_view sql);

  /// Runs one statement that gives no rows, with `values` for its parameters.
  template <class... Values>
  [[nodiscard]] Result<void> run(std::string_view sql, const Values&... values) {
    auto statement = prepared(sql);
    if (!statement) return statement.error();
    return sqlite::Query(**statement, values...).finish();
  }

  /// As sqlite::Connection.
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<void> end(Result<void> outcome);
  [[nodiscard]] Result<void> execute(const char* sql);
  /// Whether a transaction is open: a failure such as a full disk ends it.
  [[nodiscard]] bool is_in_transaction();
  /// Of the last INSERT.
  [[nodiscard]] std::int64_t last_row();
  /// Rows that the last statement has changed.
  [[nodiscard]] std::size_t changes();

 private:
  std::unique_ptr<sqlite::Connection> connection_;
  std::unordered_map<std::string, std::unique_ptr<sqlite::Statement>> statements_;
};

/// A few sessions for many callers, who take turns in the order in which they came. Thread-safe. No
/// call waits unless another thread has a session.
class SessionPool {
 public:
  /// A session for as long as this lives.
  class Lease {
   public:
    explicit Lease(SessionPool& pool) : pool_(pool), session_(pool.take()) {}
    ~Lease() { pool_.give_back(session_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Session& operator*() const { return *session_; }
    Session* operator->() const { return session_; }

   private:
    SessionPool& pool_;
    Session* const session_;
  };

  /// Requires: at least one session.
  explicit SessionPool(std::vector<std::unique_ptr<Session>> sessions);

 private:
  [[nodiscard]] Session* take();
  void give_back(Session* session);

  const std::vector<std::unique_ptr<Session>> sessions_;
  Mutex mutex_;
  Condition freed_;
  std::vector<Session*> free_ SPREADABLE_GUARDED_BY(mutex_);
  std::uint64_t next_ticket_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  std::uint64_t served_ SPREADABLE_GUARDED_BY(mutex_) = 0;  ///< tickets below this have had a turn
};

}  // namespace spreadable::documents::detail
