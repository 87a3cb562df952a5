#include "services/http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <future>
#include <system_error>

#include "services/http/detail/loop_crew.h"

namespace spreadable {
namespace {

constexpr std::size_t kEventsMax = 256;  // of one epoll_wait; more come with the next

std::size_t connections_max(const EventLoop::Options& options) {
  if (options.connections_max > 0) return options.connections_max;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto files = static_cast<std::size_t>(limit.rlim_cur);
  return std::max(files / 2, files - std::min(files, options.descriptor_reserve));
}

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

EventLoop::EventLoop(const Clock& clock) : EventLoop(clock, Options{}) {}

EventLoop::EventLoop(const Clock& clock, Options options)
    : clock_(clock),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      connections_(connections_max(options)),
      buffered_bytes_(options.buffered_bytes_max),
      body_workers_(options.body_workers_max),
      woken_at_(clock.now()),
      scratch_(std::make_unique_for_overwrite<char[]>(kScratchBytes)) {
  // Edge-triggered, so that the counter of wake_ never has to be read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
  crew_ = std::make_unique<detail::LoopCrew>(
      clock, detail::LoopCrew::Loop{.drive = [this] { return drive(); },
                                    .wake = [this] { wake(); },
                                    .end_turn = [this] { end_turn(); }});
  crew_->start();
}

EventLoop::~EventLoop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  wake();
  crew_->join();
  SPREADABLE_ASSERT(timers_.empty());
  SPREADABLE_ASSERT(connections_.taken() == 0);
  close(wake_);
  close(epoll_);
}

void EventLoop::post(std::function<void()> task) {
  bool is_first = false;
  {
    const MutexLock lock(mutex_);
    is_first = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  // Whoever drives looks at the tasks before it waits.
  if (is_first && !crew_->is_driver()) wake();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  // Only fails when the counter is full, and then the loop is awake anyway.
  (void)!write(wake_, &one, sizeof(one));
}

bool EventLoop::has_more_jobs() const {
  return crew_->has_more_jobs();
}

void EventLoop::at_turn_end(Source& source) {
  {
    const MutexLock lock(mutex_);
    turn_ended_.push_back(&source);
  }
  // Whoever drives ends its turn before it waits; so does who takes the loop from now on.
  if (!crew_->is_driver()) wake();
}

void EventLoop::end_turn() {
  std::vector<Source*> sources;
  {
    const MutexLock lock(mutex_);
    sources.swap(turn_ended_);
  }
  for (Source* source : sources) source->on_turn_end();
}

void EventLoop::run(const std::function<void()>& task) {
  SPREADABLE_ASSERT(!crew_->is_driver());
  // Shared, since the loop may still be in set_value when this function is gone.
  const auto done = std::make_shared<std::promise<void>>();
  const auto finished = done->get_future();
  post([&task, done] {
    task();
    done->set_value();
  });
  finished.wait();
}

Result<void> EventLoop::watch(int fd, std::uint32_t events, Source& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return Error{Errc::io, "epoll refuses a socket: " + std::generic_category().message(errno), {}};
}

void EventLoop::change(int fd, std::uint32_t events, Source& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  const int status = epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
  SPREADABLE_ASSERT(status == 0);
}

void EventLoop::schedule(Source& source, TimePoint at) {
  if (!source.timer_) {
    source.timer_ = timers_.emplace(at, &source);
    return;
  }
  auto node = timers_.extract(*source.timer_);
  node.key() = at;
  source.timer_ = timers_.insert(std::move(node));
}

void EventLoop::schedule_no_later(Source& source, TimePoint at) {
  if (!source.timer_ || at < (*source.timer_)->first) schedule(source, at);
}

void EventLoop::cancel(Source& source) {
  if (source.timer_) timers_.erase(*source.timer_);
  source.timer_.reset();
  const MutexLock lock(mutex_);
  std::erase(turn_ended_, &source);
}

void EventLoop::dispose(std::unique_ptr<Source> source) {
  cancel(*source);
  disposed_.push_back(std::move(source));
}

/// Source: LoopCrew::Loop.
bool EventLoop::drive() {
  std::array<epoll_event, kEventsMax> events;
  for (;;) {
    if (!crew_->work_off()) return false;
    const std::optional<int> millis = wait_millis();
    if (!millis) return true;
    const int count = epoll_wait(epoll_, events.data(), kEventsMax, *millis);
    woken_at_ = clock_.now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr) static_cast<Source*>(event.data.ptr)->on_ready(event.events);
    }
    run_tasks();
    run_timers();
    disposed_.clear();
  }
}

/// Until the next timer, rounded up so that it has come when the wait ends; for ever without one.
/// Nothing when the loop is over.
std::optional<int> EventLoop::wait_millis() {
  {
    const MutexLock lock(mutex_);
    if (!tasks_.empty()) return 0;
    if (is_stopping_) return std::nullopt;
  }
  std::optional<TimePoint> next = crew_->next_due();
  if (!timers_.empty() && (!next || timers_.begin()->first < *next)) next = timers_.begin()->first;
  if (!next) return -1;
  constexpr Millis kLongest = std::chrono::hours{1};
  // Of which a turn is no part to speak of.
  constexpr Duration kLong = std::chrono::seconds{1};
  Duration left = *next - woken_at_;
  if (left < kLong) left = Deadline(*next).remaining(clock_);
  return static_cast<int>(std::min(std::chrono::ceil<Millis>(left), kLongest).count());
}

void EventLoop::run_tasks() {
  std::vector<std::function<void()>> tasks;
  {
    const MutexLock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

void EventLoop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= woken_at_) {
    Source& source = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    source.timer_.reset();
    source.on_due(woken_at_);
  }
}

}  // namespace spreadable
