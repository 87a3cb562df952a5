#include "services/http/worker_pool.h"

#include <pthread.h>

#include <system_error>

#include "core/assert.h"

namespace spreadable {

WorkerPool::WorkerPool() : WorkerPool(Options{}) {}

WorkerPool::WorkerPool(Options options)
    : limits_{options.leaf, options.forward, options.client},
      idle_timeout_(options.idle_timeout),
      standing_after_(options.standing_after) {
  for (const ClassLimits& limits : limits_) SPREADABLE_ASSERT(limits.threads > 0);
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::try_submit(WorkClass work, Job job) {
  std::list<Worker> ended;  // joined after the lock is given up
  std::optional<Job> displaced;
  bool is_taken = false;
  {
    const MutexLock lock(mutex_);
    ended.swap(ended_);
    is_taken = enqueue(static_cast<std::size_t>(work), std::move(job), displaced);
  }
  if (displaced && displaced->drop) displaced->drop();
  return is_taken;
}

bool WorkerPool::enqueue(std::size_t work, Job job, std::optional<Job>& displaced) {
  if (is_stopping_) return false;
  FairQueue<Job>& jobs = lines_[work].jobs;
  if (jobs.size() >= room(work)) {
    displaced = jobs.displace_for(job.source);
    if (!displaced) return false;
  }
  const IpAddress source = job.source;
  jobs.push(source, std::move(job));
  if (call_worker() || !workers_.empty()) return true;
  (void)jobs.pop();  // without workers there are no other jobs
  return false;
}

bool WorkerPool::try_begin(WorkClass work) {
  const auto index = static_cast<std::size_t>(work);
  const MutexLock lock(mutex_);
  if (is_stopping_ || !lines_[index].jobs.is_empty() || running_[index] >= limits_[index].threads) {
    return false;
  }
  ++running_[index];
  ++elsewhere_;
  return true;
}

void WorkerPool::finish(WorkClass work) {
  const MutexLock lock(mutex_);
  --running_[static_cast<std::size_t>(work)];
  --elsewhere_;
  (void)call_worker();
  if (is_stopping_ && elsewhere_ == 0) all_ended_.notify_all();
}

/// How many jobs of a class may wait just now.
std::size_t WorkerPool::room(std::size_t work) {
  const ClassLimits& limits = limits_[work];
  if (limits.standing_queue >= limits.queue) return limits.queue;
  const auto now = std::chrono::steady_clock::now();
  Line& line = lines_[work];
  if (line.jobs.is_empty()) line.since = now;
  return now - line.since < standing_after_ ? limits.queue : limits.standing_queue;
}

void WorkerPool::stop() {
  std::list<Worker> ended;
  const MutexLock lock(mutex_);
  is_stopping_ = true;
  for (Worker* worker : idle_) worker->wake.notify_one();
  while (!workers_.empty() || elsewhere_ > 0) all_ended_.wait(mutex_);
  ended.swap(ended_);
}

WorkerPool::Load WorkerPool::load() const {
  const MutexLock lock(mutex_);
  Load load{workers_.size(), running_, {}};
  for (std::size_t i = 0; i < kClasses; ++i) load.waiting[i] = lines_[i].jobs.size();
  return load;
}

/// The first class that has both a waiting job and a thread to its name.
std::optional<std::size_t> WorkerPool::next_class() const {
  for (std::size_t i = 0; i < kClasses; ++i) {
    if (!lines_[i].jobs.is_empty() && running_[i] < limits_[i].threads) return i;
  }
  return std::nullopt;
}

/// Sees to it that somebody looks for a job when one can run. At most one worker is on its way at a
/// time, and calls the next when it finds more than it can take: short jobs are then done by few
/// threads instead of waking all of them. False when no thread could be started.
bool WorkerPool::call_worker() {
  if (is_calling_ || !next_class()) return true;
  if (idle_.empty()) return start_worker();
  Worker& worker = *idle_.back();
  idle_.pop_back();
  worker.is_called = true;
  is_calling_ = true;
  worker.wake.notify_one();
  return true;
}

bool WorkerPool::start_worker() {
  const auto worker = workers_.emplace(workers_.end());
  try {
    worker->thread = std::jthread([this, worker] { work(worker); });
  } catch (const std::system_error&) {  // no more threads for this process; those we have go on
    workers_.erase(worker);
    return false;
  }
  worker->is_called = true;
  is_calling_ = true;
  return true;
}

void WorkerPool::work(std::list<Worker>::iterator self) {
  pthread_setname_np(pthread_self(), "spr-worker");
  std::optional<std::size_t> finished;
  while (auto next = take(*self, finished)) {
    next->job.run();
    next->job = {};  // what it holds is freed before the job counts as finished
    finished = next->work;
  }
  const MutexLock lock(mutex_);
  ended_.splice(ended_.end(), workers_, self);
  if (workers_.empty()) all_ended_.notify_all();
}

/// The next job, after taking note that one of class `finished` is done. Nothing when the worker is
/// to end.
std::optional<WorkerPool::Next> WorkerPool::take(Worker& self,
                                                 std::optional<std::size_t> finished) {
  const MutexLock lock(mutex_);
  if (finished) --running_[*finished];
  for (;;) {
    if (self.is_called) is_calling_ = false;
    self.is_called = false;
    if (const auto index = next_class()) {
      Next next{*index, lines_[*index].jobs.pop()};
      ++running_[*index];
      // A failure to start a thread leaves the other jobs to the workers there are.
      (void)call_worker();
      return next;
    }
    if (!wait_for_call(self)) return std::nullopt;
  }
}

/// False when the worker is to end: nobody called it for the idle timeout, or the pool stops.
bool WorkerPool::wait_for_call(Worker& self) {
  if (is_stopping_) return false;
  const auto until = std::chrono::steady_clock::now() + idle_timeout_;
  idle_.push_back(&self);
  while (!self.is_called && !is_stopping_) {
    if (self.wake.wait_until(mutex_, until) == std::cv_status::timeout) break;
  }
  if (self.is_called) return true;
  std::erase(idle_, &self);
  return false;
}

}  // namespace spreadable
