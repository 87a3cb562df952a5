#include "services/system/thread_scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/assert.h"

namespace spreadable {

/// What the scheduler knows of a task. All but `name` and `run` belongs to the scheduler's mutex.
class ThreadScheduler::Entry {
 public:
  enum class State { waiting, ready, running, ended };

  Entry(std::string task_name, std::function<Duration()> task_run)
      : name(std::move(task_name)), run(std::move(task_run)) {}

  const std::string name;
  const std::function<Duration()> run;
  State state = State::waiting;
  std::multimap<TimePoint, Entry*>::iterator due;  ///< valid while waiting
  std::thread::id runner;                          ///< valid while running
  Duration woken_within = kDelayMax;               ///< of the wakes during this run, the shortest
  bool is_ending = false;                          ///< do not run again
};

class ThreadScheduler::Handle final : public Scheduler::Task {
 public:
  Handle(ThreadScheduler& scheduler, std::unique_ptr<Entry> entry)
      : scheduler_(scheduler), entry_(std::move(entry)) {}
  ~Handle() override { scheduler_.remove(*entry_); }

  void wake(Duration within) override { scheduler_.wake(*entry_, within); }

 private:
  ThreadScheduler& scheduler_;
  const std::unique_ptr<Entry> entry_;
};

ThreadScheduler::ThreadScheduler(const Clock& clock, Logger& logger, Options options)
    : clock_(clock), logger_(logger), options_(options) {
  if (options_.workers_max == 0) throw std::invalid_argument("a scheduler needs a worker");
  timer_ = std::jthread([this] { timer_loop(); });
  ::pthread_setname_np(timer_.native_handle(), "spread-timer");
}

ThreadScheduler::ThreadScheduler(const Clock& clock, Logger& logger)
    : ThreadScheduler(clock, logger, Options{}) {}

ThreadScheduler::~ThreadScheduler() {
  std::vector<std::jthread> workers;
  {
    const MutexLock lock(mutex_);
    SPREADABLE_ASSERT(tasks_ == 0);
    is_stopping_ = true;
    workers.swap(workers_);
    timer_wake_.notify_all();
    worker_wake_.notify_all();
  }
  timer_.join();
}  // the workers are joined as they go out of scope

std::unique_ptr<Scheduler::Task> ThreadScheduler::start(std::string name, Duration first_delay,
                                                        std::function<Duration()> run) {
  auto entry = std::make_unique<Entry>(std::move(name), std::move(run));
  Entry& added = *entry;
  auto handle = std::make_unique<Handle>(*this, std::move(entry));
  add(added, first_delay);
  return handle;
}

std::size_t ThreadScheduler::workers() const {
  const MutexLock lock(mutex_);
  return workers_.size();
}

void ThreadScheduler::timer_loop() {
  mutex_.lock();
  while (!is_stopping_) {
    if (waiting_.empty()) {
      timer_wake_.wait(mutex_);
      continue;
    }
    const Duration left = waiting_.begin()->first - clock_.now();
    if (left > Duration::zero()) {
      timer_wake_.wait_for(mutex_, left);
      continue;
    }
    Entry& entry = *waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    make_ready(entry);
    // The worker takes the mutex first when it wakes, so it is woken when that is free.
    mutex_.unlock();
    worker_wake_.notify_one();
    mutex_.lock();
  }
  mutex_.unlock();
}

void ThreadScheduler::worker_loop() {
  mutex_.lock();
  while (!is_stopping_) {
    if (ready_.empty()) {
      ++idle_workers_;
      worker_wake_.wait(mutex_);
      --idle_workers_;
      continue;
    }
    Entry& entry = *ready_.front();
    ready_.pop_front();
    entry.state = Entry::State::running;
    entry.runner = std::this_thread::get_id();
    mutex_.unlock();
    const Duration delay = run_guarded(entry);
    mutex_.lock();
    finish(entry, delay);
  }
  mutex_.unlock();
}

Duration ThreadScheduler::run_guarded(const Entry& entry) {
  try {
    return entry.run();
  } catch (const std::exception& exception) {
    logger_.error("task " + entry.name + " failed: " + exception.what());
  } catch (...) {
    logger_.error("task " + entry.name + " failed");
  }
  return kDelayAfterException;
}

void ThreadScheduler::add(Entry& entry, Duration delay) {
  const MutexLock lock(mutex_);
  ++tasks_;
  wait_for(entry, delay);
}

void ThreadScheduler::wake(Entry& entry, Duration within) {
  const MutexLock lock(mutex_);
  switch (entry.state) {
    case Entry::State::waiting:
      if (within >= entry.due->first - clock_.now()) break;
      waiting_.erase(entry.due);
      wait_for(entry, within);
      break;
    case Entry::State::running:
      entry.woken_within = std::min(entry.woken_within, within);
      break;
    case Entry::State::ready:
    case Entry::State::ended:
      break;
  }
}

void ThreadScheduler::remove(Entry& entry) {
  const MutexLock lock(mutex_);
  SPREADABLE_ASSERT(entry.state != Entry::State::running ||
                    entry.runner != std::this_thread::get_id());
  entry.is_ending = true;
  while (entry.state == Entry::State::running) run_ended_.wait(mutex_);
  if (entry.state == Entry::State::waiting) waiting_.erase(entry.due);
  if (entry.state == Entry::State::ready) std::erase(ready_, &entry);
  --tasks_;
}

void ThreadScheduler::wait_for(Entry& entry, Duration delay) {
  if (delay <= Duration::zero()) {
    make_ready(entry);
    worker_wake_.notify_one();
    return;
  }
  entry.state = Entry::State::waiting;
  entry.due = waiting_.emplace(clock_.now() + std::min(delay, kDelayMax), &entry);
  if (entry.due == waiting_.begin()) timer_wake_.notify_one();
}

void ThreadScheduler::make_ready(Entry& entry) {
  entry.state = Entry::State::ready;
  ready_.push_back(&entry);
  // A worker that was notified but has not run yet still counts as idle, hence the comparison.
  if (ready_.size() > idle_workers_ && workers_.size() < options_.workers_max) start_worker();
}

void ThreadScheduler::start_worker() {
  try {
    workers_.emplace_back([this] { worker_loop(); });
    ::pthread_setname_np(workers_.back().native_handle(), "spread-task");
  } catch (const std::system_error&) {
    // The machine has no thread left. The workers there are take the task; without any it stays
    // ready until the next one becomes ready and tries again.
  }
}

void ThreadScheduler::finish(Entry& entry, Duration delay) {
  if (entry.is_ending) {
    entry.state = Entry::State::ended;
    run_ended_.notify_all();
    return;
  }
  wait_for(entry, std::min(delay, std::exchange(entry.woken_within, kDelayMax)));
}

}  // namespace spreadable
