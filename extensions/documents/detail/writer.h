// extensions/documents/detail/writer.h: many changes, one sync of the disk.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "extensions/documents/detail/session.h"

namespace spreadable::documents::detail {

/// Commits changes durably, in the order in which they came. Whoever comes while nobody is writing
/// writes at once; those who come meanwhile are written together by the first of them, with one
/// sync. So one writer waits for nobody, and many wait for two syncs at most. Thread-safe; on a
/// single thread every change is written by its own caller.
class Writer {
 public:
  static constexpr std::size_t kGroupMax = 256;      ///< changes in one commit
  static constexpr std::size_t kWaitingMax = 4'096;  ///< more are refused with Errc::overloaded

  struct Change {
    /// Runs inside a transaction, perhaps on another thread; an error takes back what it has done,
    /// and nothing else. Does not wait for other threads.
    std::function<Result<void>(Session&)> run;
    /// Runs once the change is on the disk, in order of commits; quick, and does not fail.
    std::function<void()> committed{};
  };

  /// `pool` outlives the writer.
  explicit Writer(SessionPool& pool, std::size_t waiting_max = kWaitingMax)
      : pool_(pool), waiting_max_(waiting_max) {}

  /// Blocks until the change is on the disk, or has failed: its own error, or that of the commit.
  [[nodiscard]] Result<void> write(const Change& change);

 private:
  struct Waiting {
    const Change& change;
    Result<void> outcome{};
    bool is_done = false;
  };
  using Group = std::vector<Waiting*>;

  /// Commits the changes of `group`; outcomes are set.
  void commit(const Group& group);
  /// These give what becomes of the transaction.
  [[nodiscard]] static Result<void> run_alone(Session& session, Waiting& waiting);
  /// A change that fails leaves the others alone.
  [[nodiscard]] static Result<void> run_all(Session& session, const Group& group);

  SessionPool& pool_;
  const std::size_t waiting_max_;
  Mutex mutex_;
  Condition done_;
  std::deque<Waiting*> waiting_ SPREADABLE_GUARDED_BY(mutex_);
  bool is_writing_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable::documents::detail
