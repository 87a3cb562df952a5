#include "extensions/documents/detail/writer.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace spreadable::documents::detail {
namespace {

/// An exception out of a change must not keep the others waiting for ever.
Result<void> run(const Writer::Change& change, Session& session) {
  try {
    return change.run(session);
  } catch (const std::exception& exception) {
    return Error{Errc::internal, std::string("a change failed: ") + exception.what(), {}};
  }
}

}  // namespace

Result<void> Writer::write(const Change& change) {
  Waiting own{change};
  Group group;
  while (true) {
    {
      const MutexLock lock(mutex_);
      if (group.empty()) {
        if (waiting_.size() >= waiting_max_) {
          return Error{Errc::overloaded, "too many changes wait for the disk", {}};
        }
        waiting_.push_back(&own);
      } else {
        is_writing_ = false;
        for (Waiting* const written : group) written->is_done = true;
        done_.notify_all();
      }
      while (is_writing_ && !own.is_done) done_.wait(mutex_);
      if (own.is_done) return std::move(own.outcome);
      is_writing_ = true;
      const std::size_t count = std::min(waiting_.size(), kGroupMax);
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
      group.assign(waiting_.begin(), end);
      waiting_.erase(waiting_.begin(), end);
    }
    commit(group);
  }
}

void Writer::commit(const Group& group) {
  const SessionPool::Lease session(pool_);
  Result<void> state = session->begin();
  if (state)
    state = group.size() == 1 ? run_alone(*session, *group.front()) : run_all(*session, group);
  state = session->end(std::move(state));
  for (Waiting* const waiting : group) {
    if (!state && waiting->outcome) waiting->outcome = state;
    if (waiting->outcome && waiting->change.committed) waiting->change.committed();
  }
}

Result<void> Writer::run_alone(Session& session, Waiting& waiting) {
  waiting.outcome = run(waiting.change, session);
  return waiting.outcome;
}

Result<void> Writer::run_all(Session& session, const Group& group) {
  for (Waiting* const waiting : group) {
    if (auto begun = session.run("SAVEPOINT change"); !begun) return begun;
    waiting->outcome = run(waiting->change, session);
    // A failure such as a full disk has taken back the whole transaction.
    if (!session.is_in_transaction()) return waiting->outcome;
    if (!waiting->outcome) {
      if (auto undone = session.run("ROLLBACK TO change"); !undone) return undone;
    }
    if (auto released = session.run("RELEASE change"); !released) return released;
  }
  return {};
}

}  // namespace spreadable::documents::detail
