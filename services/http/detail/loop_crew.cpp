#include "services/http/detail/loop_crew.h"

#include <pthread.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "services/system/thread_time.h"

namespace spreadable::detail {

namespace {

/// Looks without a job in between after which a watcher sleeps.
constexpr unsigned kQuietLooks = 8;
/// What they take. Jobs that come more seldom are not worth a look each.
constexpr Duration kQuietTime = kQuietLooks * LoopCrew::kPatience;
constexpr Duration kAtOnce{1};

int open_alarm() {
  const int alarm = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (alarm < 0) throw std::system_error(errno, std::generic_category(), "no timer for a loop");
  return alarm;
}

}  // namespace

/// What a watcher has seen of the driver.
struct LoopCrew::Watch {
  std::uint64_t seen = 0;    ///< the lease at the last look
  unsigned quiet_looks = 0;  ///< in a row, in which it was the same as before
  Millis patience = kPatience;
};

/// One thread, and the jobs that it has begun.
struct LoopCrew::Member {
  explicit Member(LoopCrew& its_crew) : crew(its_crew) {}

  LoopCrew& crew;
  // Of the thread.
  std::optional<FiberPool> fibers;  ///< while the thread lives
  Sleep::Alarms alarms;
  std::deque<Sleep*> ready;  ///< have been called
  std::size_t kind = 0;      ///< of the job that is being done
  bool has_more = false;     ///< jobs after that one
  bool drives = false;       ///< unless somebody has taken the lease
  std::uint64_t lease = 0;

  Mutex mutex;
  Condition was_called;
  std::vector<Sleep*> called SPREADABLE_GUARDED_BY(mutex);  ///< by other threads

  std::jthread thread;  // last: it uses all the others
};

namespace {

thread_local LoopCrew::Member* this_member = nullptr;

}  // namespace

LoopCrew::LoopCrew(const Clock& clock, Loop loop)
    : clock_(clock), loop_(std::move(loop)), alarm_(open_alarm()) {}

void LoopCrew::start() {
  const MutexLock lock(mutex_);
  if (!try_start_member()) {
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again),
                            "cannot start the thread of a loop");
  }
}

LoopCrew::~LoopCrew() {
  for (const Member& member : members_) SPREADABLE_ASSERT(!member.thread.joinable());
}

void LoopCrew::join() {
  std::vector<std::jthread*> threads;  // nobody is added to them any more
  {
    const MutexLock lock(mutex_);
    while (!is_over_) changed_.wait(mutex_);
    for (Member& member : members_) threads.push_back(&member.thread);
  }
  for (std::jthread* thread : threads) thread->join();
}

bool LoopCrew::try_start_member() {
  if (is_over_ || members_.size() == kThreadsMax) return false;
  Member& member = members_.emplace_back(*this);
  try {
    member.thread = std::jthread([this, &member] { live(member); });
    return true;
  } catch (const std::system_error&) {  // no more threads for this process
    members_.pop_back();
    return false;
  }
}

void LoopCrew::live(Member& self) {
  pthread_setname_np(pthread_self(), "spr-http-loop");
  this_member = &self;
  self.fibers.emplace(kStackBytes);
  while (stand_by(self)) {
    if (loop_.drive()) {
      const MutexLock lock(mutex_);
      is_over_ = true;
      tell_all();
    }
    finish(self);
  }
  self.fibers.reset();
}

/// True when the loop is this thread's.
bool LoopCrew::stand_by(Member& self) {
  const MutexLock lock(mutex_);
  ++reserves_;
  Watch watch;
  while (!is_over_ && !is_free_) {
    if (!watcher_) {
      watcher_ = &self;
      has_watcher_ = true;
    }
    if (watcher_ == &self) {
      look(watch);
    } else {
      changed_.wait(mutex_);
    }
  }
  --reserves_;
  if (watcher_ == &self) {
    watcher_ = nullptr;
    has_watcher_ = false;
    changed_.notify_all();  // for the next to watch
  }
  if (is_over_) return false;
  is_free_ = false;
  self.drives = true;
  return true;
}

/// One look at the driver, and the time until the next. Takes the loop when the job seen the last
/// time is still being done.
void LoopCrew::look(Watch& watch) {
  const std::uint64_t now = lease_.load();
  const bool is_busy = now % 2 == 1;
  const bool is_same = now == watch.seen;
  std::uint64_t expected = now;
  if (is_busy && is_same && lease_.compare_exchange_strong(expected, now + 1)) {
    is_free_ = true;
    note_slow(leased_kind_);
    return;
  }
  watch.quiet_looks = is_same ? watch.quiet_looks + 1 : 0;
  watch.patience = is_busy || is_same ? kPatience : std::min(2 * watch.patience, kPatienceMax);
  watch.seen = now;
  if (is_busy || watch.quiet_looks < kQuietLooks) {
    if (changed_.wait_for(mutex_, watch.patience) == std::cv_status::no_timeout) watch.seen = 0;
    return;
  }
  is_watcher_asleep_ = true;
  if (lease_ == now) {
    mutex_.unlock();
    std::uint64_t times = 0;
    (void)!::read(alarm_.get(), &times, sizeof times);
    mutex_.lock();
  }
  is_watcher_asleep_ = false;
  watch = {.seen = now};
}

/// Tells those who stand by that something has changed.
void LoopCrew::tell_all() {
  changed_.notify_all();
  if (is_watcher_asleep_) set_alarm(kAtOnce);
}

/// When a watcher that sleeps is to wake: never without `delay`.
void LoopCrew::set_alarm(Duration delay) const {
  itimerspec time{};
  time.it_value.tv_nsec = delay.count();
  (void)::timerfd_settime(alarm_.get(), 0, &time, nullptr);
}

/// Of the driver that begins a job while the watcher sleeps. For a job that comes after a while the
/// watcher is needed only if it is not quick: waking it takes longer than such a job.
void LoopCrew::rouse_watcher(TimePoint now) {
  if (is_alarm_set_) return;
  if (now - roused_at_ > kQuietTime) {
    is_alarm_set_ = true;
    set_alarm(kQuick);
  } else {
    is_watcher_asleep_ = false;
    set_alarm(kAtOnce);
  }
  roused_at_ = now;
}

bool LoopCrew::can_serve(std::size_t kind) {
  SPREADABLE_ASSERT(kind < kKinds);
  if (!has_watcher_) {
    const MutexLock lock(mutex_);
    if (reserves_ == 0) (void)try_start_member();
    return false;
  }
  if (jobs_.size() >= kWaitingMax) return false;
  TimePoint& until = refused_until_[kind];
  if (until == TimePoint{}) return true;
  if (clock_.now() < until) return false;
  until = {};
  return true;
}

void LoopCrew::serve(std::size_t kind, std::function<void()> job) {
  jobs_.push_back({kind, std::move(job)});
}

void LoopCrew::note_slow(std::size_t kind) {
  refused_until_[kind] = clock_.now() + kPause;
}

bool LoopCrew::work_off() {
  Member& self = *this_member;
  do {
    if (!go_on(self)) return false;
    while (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      self.has_more = !jobs_.empty() || !self.ready.empty();
      if (!lend(self, job.kind, self.fibers->prepare(std::move(job.run)))) return false;
    }
  } while (!self.ready.empty());  // jobs may have called others
  if (std::exchange(is_alarm_set_, false)) set_alarm(Duration::zero());
  end_turn();
  return true;
}

void LoopCrew::end_turn() {
  turn_begun_at_.reset();
  loop_.end_turn();
}

/// Goes on with the jobs that were called, or have slept for long enough. A driver stops when it
/// has lost the loop. Whether it still drives.
bool LoopCrew::go_on(Member& self) {
  const bool was_driver = self.drives;
  {
    const MutexLock lock(self.mutex);
    self.ready.insert(self.ready.end(), self.called.begin(), self.called.end());
    self.called.clear();
  }
  while (!self.ready.empty() && self.drives == was_driver) {
    Sleep& sleep = *self.ready.front();
    self.ready.pop_front();
    if (sleep.alarm_) self.alarms.erase(*std::exchange(sleep.alarm_, std::nullopt));
    self.has_more = was_driver && (!self.ready.empty() || !jobs_.empty());
    sleep.is_called_ = true;
    lend(self, sleep.kind_, sleep.fiber_);
  }
  if (self.alarms.empty()) return self.drives;
  const TimePoint now = clock_.now();
  while (!self.alarms.empty() && self.alarms.begin()->first <= now && self.drives == was_driver) {
    Sleep& sleep = *self.alarms.begin()->second;
    self.alarms.erase(self.alarms.begin());
    sleep.alarm_.reset();
    self.has_more = false;
    lend(self, sleep.kind_, sleep.fiber_);
  }
  return self.drives;
}

/// Lets a fiber have the thread. False when the thread does not drive, or no longer.
bool LoopCrew::lend(Member& self, std::size_t kind, FiberPool::Fiber& fiber) {
  self.kind = kind;
  if (!self.drives) {
    self.fibers->resume(fiber);
    return false;
  }
  // Read before the lease, which may be taken from then on.
  const bool is_suspect = looks_left_[kind] > 0;
  leased_kind_.store(kind, std::memory_order_relaxed);
  self.lease = lease_.load(std::memory_order_relaxed) + 1;
  lease_ = self.lease;
  const TimePoint begun = clock_.now();
  if (is_watcher_asleep_) rouse_watcher(begun);
  const Duration computed = is_suspect ? thread_time() : Duration::zero();
  self.fibers->resume(fiber);
  if (!self.drives) return false;  // given away
  std::uint64_t expected = self.lease;
  self.drives = lease_.compare_exchange_strong(expected, self.lease + 1);
  if (!self.drives) return false;
  const TimePoint ended = clock_.now();
  if (ended - begun > kQuick) {
    if (is_suspect && thread_time() - computed > kQuick) note_slow(kind);
    looks_left_[kind] = kLooks;
  } else if (is_suspect) {
    --looks_left_[kind];
  }
  if (!turn_begun_at_) turn_begun_at_ = begun;
  if (ended - *turn_begun_at_ > kQuick) end_turn();
  return true;
}

void LoopCrew::leave_loop() {
  Member* const self = this_member;
  if (self && self->drives && self->fibers->current()) self->crew.give_away(*self);
}

void LoopCrew::give_away(Member& self) {
  {
    const MutexLock lock(mutex_);
    if (reserves_ == 0 && !try_start_member()) return;  // nobody is left to take it
    std::uint64_t expected = self.lease;
    if (lease_.compare_exchange_strong(expected, self.lease + 1)) {
      note_slow(self.kind);
      is_free_ = true;
    }
    tell_all();
  }
  self.drives = false;
}

/// Ends the jobs that this thread has begun, now that another one drives.
void LoopCrew::finish(Member& self) {
  while (self.fibers->busy() > 0) {
    {
      const MutexLock lock(self.mutex);
      const bool is_waiting = self.ready.empty() && self.called.empty();
      if (is_waiting && self.alarms.empty()) {
        self.was_called.wait(self.mutex);
      } else if (is_waiting) {
        const Duration left = Deadline(self.alarms.begin()->first).remaining(clock_);
        self.was_called.wait_for(self.mutex, left);
      }
    }
    (void)go_on(self);
  }
}

std::optional<TimePoint> LoopCrew::next_due() const {
  const Sleep::Alarms& alarms = this_member->alarms;
  return alarms.empty() ? std::nullopt : std::optional(alarms.begin()->first);
}

bool LoopCrew::is_driver() const {
  const Member* const self = this_member;
  if (!self || &self->crew != this || !self->drives) return false;
  return !self->fibers->current() || lease_ == self->lease;
}

bool LoopCrew::has_more_jobs() const {
  const Member* const self = this_member;
  return self && self->has_more && self->fibers->current() && is_driver();
}

bool LoopCrew::Sleep::is_possible() {
  return this_member && this_member->fibers->current();
}

LoopCrew::Sleep::Sleep()
    : member_(*this_member), fiber_(*this_member->fibers->current()), kind_(this_member->kind) {}

bool LoopCrew::Sleep::until(TimePoint at) {
  alarm_ = member_.alarms.emplace(at, this);
  member_.fibers->suspend();
  return is_called_;
}

void LoopCrew::Sleep::until_called() {
  if (!is_called_) member_.fibers->suspend();
}

void LoopCrew::Sleep::call() {
  if (this_member == &member_) {
    member_.ready.push_back(this);
    return;
  }
  LoopCrew& crew = member_.crew;
  {
    // Held to the end: the member lives as long as the crew, this sleep only until it is taken.
    const MutexLock lock(member_.mutex);
    member_.called.push_back(this);
    member_.was_called.notify_one();
  }
  crew.loop_.wake();
}

}  // namespace spreadable::detail
