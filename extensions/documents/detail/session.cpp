#include "extensions/documents/detail/session.h"

#include <utility>

#include "core/assert.h"

namespace spreadable::documents::detail {

Result<sqlite::Statement*> Session::prepared(std::string_view sql) {
  std::string text(sql);
  const auto found = statements_.find(text);
  if (found != statements_.end()) return found->second.get();
  if (statements_.size() >= kStatementsMax) statements_.clear();
  const MutexLock lock(connection_->mutex);
  auto statement = sqlite::Statement::prepare(connection_->handle(), sql);
  if (!statement) return statement.error();
  auto& place = statements_[std::move(text)];
  place = std::make_unique<sqlite::Statement>(std::move(*statement));
  return place.get();
}

Result<void> Session::begin() {
  const MutexLock lock(connection_->mutex);
  return connection_->begin();
}

Result<void> Session::end(Result<void> outcome) {
  const MutexLock lock(connection_->mutex);
  return connection_->end(std::move(outcome));
}

Result<void> Session::execute(const char* sql) {
  const MutexLock lock(connection_->mutex);
  return connection_->execute(sql);
}

bool Session::is_in_transaction() {
  const MutexLock lock(connection_->mutex);
  return sqlite3_get_autocommit(connection_->handle()) == 0;
}

std::int64_t Session::last_row() {
  const MutexLock lock(connection_->mutex);
  return sqlite3_last_insert_rowid(connection_->handle());
}

std::size_t Session::changes() {
  const MutexLock lock(connection_->mutex);
  return static_cast<std::size_t>(sqlite3_changes(connection_->handle()));
}

SessionPool::SessionPool(std::vector<std::unique_ptr<Session>> sessions)
    : sessions_(std::move(sessions)) {
  SPREADABLE_ASSERT(!sessions_.empty());
  for (const auto& session : sessions_) free_.push_back(session.get());
}

Session* SessionPool::take() {
  const MutexLock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  while (ticket != served_ || free_.empty()) freed_.wait(mutex_);
  ++served_;
  Session* const session = free_.back();
  free_.pop_back();
  if (!free_.empty()) freed_.notify_all();  // the next in line may have one as well
  return session;
}

void SessionPool::give_back(Session* session) {
  const MutexLock lock(mutex_);
  free_.push_back(session);
  freed_.notify_all();
}

}  // namespace spreadable::documents::detail
