#include "services/simulation/virtual_time.h"

#include <algorithm>
#include <boost/heap/d_ary_heap.hpp>
#include <utility>

#include "core/assert.h"
#include "services/fibers/fiber_pool.h"
#include "services/simulation/detail/mix.h"

namespace spreadable {

using detail::FiberPool;

struct VirtualTime::Fibers {
  FiberPool pool;
};

/// The next one is on top. A heap of four rather than two branches is half as deep, and so many
/// events lie in no cache.
struct VirtualTime::Queue {
  struct IsLater {
    bool operator()(const Event& left, const Event& right) const {
      return left.at != right.at ? left.at > right.at : left.sequence > right.sequence;
    }
  };
  boost::heap::d_ary_heap<Event, boost::heap::arity<4>, boost::heap::compare<IsLater>> heap;
};

VirtualTime::Waiter::Waiter(VirtualTime& time, MachineId machine)
    : time_(time), machine_(machine) {}

VirtualTime::Waiter::~Waiter() {
  SPREADABLE_ASSERT(!fiber_);
}

VirtualTime::Wake VirtualTime::Waiter::wait(TimePoint until) {
  if (is_over_) return how_;
  Machine& machine = time_.machines_[machine_];
  if (machine.is_halted) return Wake::cancelled;
  if (until <= time_.now()) return Wake::timed_out;
  machine.waiters.push_back(this);
  time_.set_timer(*this, until);
  time_.park(*this);
  time_.clear_timer(*this);
  auto& waiters = time_.machines_[machine_].waiters;  // others may have been added meanwhile
  waiters.erase(std::find(waiters.begin(), waiters.end(), this));
  const Wake how = how_;
  if (how != Wake::notified) is_over_ = false;
  return how;
}

void VirtualTime::Waiter::join() {
  if (!is_over_) time_.park(*this);
}

void VirtualTime::Waiter::end(Wake how) {
  if (is_over_) return;
  is_over_ = true;
  how_ = how;
  if (void* const fiber = std::exchange(fiber_, nullptr)) {
    time_.ready_.emplace_back(fiber, machine_);
  }
}

VirtualTime::VirtualTime()
    : queue_(std::make_unique<Queue>()), fibers_(std::make_unique<Fibers>()) {
  machines_.emplace_back();  // kNoMachine
}

VirtualTime::~VirtualTime() = default;

MachineId VirtualTime::add_machine() {
  machines_.emplace_back();
  return static_cast<MachineId>(machines_.size() - 1);
}

void VirtualTime::push(Event event) {
  event.sequence = ++last_sequence_;
  queue_->heap.push(event);
}

void VirtualTime::schedule(TimePoint at, MachineId machine, EventSink& sink,
                           std::uint64_t argument) {
  push({std::max(at, now_), 0, &sink, argument, machine});
}

void VirtualTime::spawn(MachineId machine, std::function<void()> work) {
  ++machines_[machine].fibers;
  FiberPool::Fiber& fiber = fibers_->pool.prepare(std::move(work));
  ready_.emplace_back(&fiber, machine);
}

void VirtualTime::sleep(MachineId machine, Duration span) {
  Waiter waiter(*this, machine);
  static_cast<void>(waiter.wait(now_ + span));
}

void VirtualTime::run_ready() {
  SPREADABLE_ASSERT(!fibers_->pool.current());
  while (!ready_.empty()) {
    const auto [fiber, machine] = ready_.front();
    ready_.pop_front();
    if (fibers_->pool.resume(*static_cast<FiberPool::Fiber*>(fiber))) --machines_[machine].fibers;
    if (observer_) observer_(machine);
  }
}

bool VirtualTime::step(TimePoint end) {
  auto& heap = queue_->heap;
  if (heap.empty() || heap.top().at > end) return false;
  const Event event = heap.top();
  heap.pop();
  now_ = event.at;
  if (Machine& machine = machines_[event.machine]; machine.is_frozen) {
    machine.held.push_back(event);
    return true;
  }
  ++event_count_;
  event.sink->on_event(event.argument);
  run_ready();
  return true;
}

void VirtualTime::run_until(TimePoint end) {
  run_ready();
  while (step(end)) {
  }
  now_ = std::max(now_, end);
}

void VirtualTime::park(Waiter& waiter) {
  if (FiberPool::Fiber* const fiber = fibers_->pool.current()) {
    waiter.fiber_ = fiber;
    fibers_->pool.suspend();
    return;
  }
  run_ready();
  while (!waiter.is_over_) {
    const bool has_happened = step(TimePoint::max());
    SPREADABLE_ASSERT(has_happened);  // the waiter's own timer, if nothing else
  }
}

void VirtualTime::set_timer(Waiter& waiter, TimePoint until) {
  if (timers_.free.empty()) {
    timers_.free.push_back(static_cast<std::uint32_t>(timers_.places.size()));
    timers_.places.emplace_back();
  }
  waiter.timer_ = timers_.free.back();
  timers_.free.pop_back();
  Timers::Place& place = timers_.places[waiter.timer_];
  place.waiter = &waiter;
  schedule(until, waiter.machine_, timers_, std::uint64_t{place.generation} << 32 | waiter.timer_);
}

void VirtualTime::clear_timer(Waiter& waiter) {
  Timers::Place& place = timers_.places[waiter.timer_];
  place.waiter = nullptr;
  ++place.generation;
  timers_.free.push_back(waiter.timer_);
}

void VirtualTime::Timers::on_event(std::uint64_t argument) {
  const Place& place = places[static_cast<std::uint32_t>(argument)];
  if (place.waiter && place.generation == argument >> 32) place.waiter->end(Wake::timed_out);
}

void VirtualTime::freeze(MachineId machine) {
  SPREADABLE_ASSERT(machine != kNoMachine);
  machines_[machine].is_frozen = true;
}

void VirtualTime::thaw(MachineId machine) {
  machines_[machine].is_frozen = false;
  for (Event event : std::exchange(machines_[machine].held, {})) {
    event.at = now_;
    push(event);
  }
}

void VirtualTime::cancel_waits(MachineId machine) {
  for (Waiter* waiter : machines_[machine].waiters) waiter->end(Wake::cancelled);
}

void VirtualTime::halt(MachineId machine) {
  SPREADABLE_ASSERT(machine != kNoMachine);
  run_ready();
  machines_[machine].is_halted = true;
  thaw(machine);
  cancel_waits(machine);
  run_ready();
  SPREADABLE_ASSERT(machines_[machine].fibers == 0);
}

void VirtualTime::revive(MachineId machine) {
  SPREADABLE_ASSERT(machines_[machine].is_halted);
  machines_[machine].is_halted = false;
}

void VirtualTime::note(std::uint64_t what) {
  const auto at = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  digest_ = detail::mix(detail::mix(digest_, at), what);
}

}  // namespace spreadable
