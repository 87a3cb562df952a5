// services/system/thread_scheduler.h: periodic work in real time, on a few threads.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <thread>
#include <vector>

#include "core/logger.h"
#include "core/mutex.h"
#include "core/scheduler.h"

namespace spreadable {

/// Runs the tasks of any number of nodes: one thread waits for the earliest due time and hands what
/// is due to a bounded set of workers, which are started when first needed. When all workers are
/// busy, due tasks wait in the order in which they became due. Must outlive its tasks.
class ThreadScheduler final : public Scheduler {
 public:
  struct Options {
    /// Runs at the same time. Runs mostly wait for the network; eight serve a hundred nodes.
    std::size_t workers_max = 8;
  };

  /// What an exception out of a run counts as. Source: core/scheduler.h.
  static constexpr Duration kDelayAfterException = std::chrono::seconds{1};
  /// Longer delays count as this one, so that due times stay within the clock's range.
  static constexpr Duration kDelayMax = std::chrono::hours{24 * 365};

  /// `clock` must pass in real time. Throws std::invalid_argument without a worker.
  /// `clock` and `logger` must outlive the scheduler.
  ThreadScheduler(const Clock& clock, Logger& logger, Options options);
  ThreadScheduler(const Clock& clock, Logger& logger);
  /// Requires: all tasks have been destroyed.
  ~ThreadScheduler() override;

  [[nodiscard]] std::unique_ptr<Task> start(std::string name, Duration first_delay,
                                            std::function<Duration()> run) override;

  /// Worker threads started so far.
  [[nodiscard]] std::size_t workers() const;

 private:
  class Entry;
  class Handle;

  void timer_loop();
  void worker_loop();
  void add(Entry& entry, Duration delay);
  void wake(Entry& entry, Duration within);
  void remove(Entry& entry);
  [[nodiscard]] Duration run_guarded(const Entry& entry);

  void wait_for(Entry& entry, Duration delay) SPREADABLE_REQUIRES(mutex_);
  /// A worker is to be woken afterwards.
  void make_ready(Entry& entry) SPREADABLE_REQUIRES(mutex_);
  void start_worker() SPREADABLE_REQUIRES(mutex_);
  void finish(Entry& entry, Duration delay) SPREADABLE_REQUIRES(mutex_);

  const Clock& clock_;
  Logger& logger_;
  const Options options_;

  mutable Mutex mutex_;
  Condition timer_wake_;   ///< the earliest due time has changed, or the end has come
  Condition worker_wake_;  ///< a task is ready, or the end has come
  Condition run_ended_;    ///< for those who wait to destroy a task
  std::multimap<TimePoint, Entry*> waiting_ SPREADABLE_GUARDED_BY(mutex_);
  std::deque<Entry*> ready_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t tasks_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  std::size_t idle_workers_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> workers_ SPREADABLE_GUARDED_BY(mutex_);
  std::jthread timer_;
};

}  // namespace spreadable
