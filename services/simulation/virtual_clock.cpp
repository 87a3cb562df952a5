#include "services/simulation/virtual_clock.h"

#include <algorithm>
#include <cmath>

#include "core/assert.h"

namespace spreadable {
namespace {

Duration scaled(Duration span, double factor) {
  return Duration(std::llround(static_cast<double>(span.count()) * factor));
}

}  // namespace

VirtualClock::VirtualClock(const VirtualTime& time, Duration uptime)
    : time_(time),
      local_start_(VirtualTime::kStart + uptime),
      true_base_(VirtualTime::kStart),
      local_base_(local_start_) {}

TimePoint VirtualClock::local_of(TimePoint true_time) const {
  const Duration passed = true_time - true_base_;
  return local_base_ + passed + (drift_ == 0 ? Duration::zero() : scaled(passed, drift_));
}

TimePoint VirtualClock::now() const {
  shown_ = std::max(local_of(time_.now()), shown_ + kTick);
  return shown_;
}

WallTime VirtualClock::wall_now() const {
  return kStartDate + wall_offset_ +
         std::chrono::duration_cast<Millis>(local_of(time_.now()) - local_start_);
}

void VirtualClock::set_drift(double drift) {
  SPREADABLE_ASSERT(drift > -1);
  local_base_ = local_of(time_.now());
  true_base_ = time_.now();
  drift_ = drift;
}

TimePoint VirtualClock::true_time_of(TimePoint local) const {
  const Duration passed = local - local_base_;
  if (drift_ == 0) return true_base_ + passed;
  TimePoint guess = true_base_ + scaled(passed, 1 / (1 + drift_));
  while (local_of(guess) < local) guess += Duration(1);
  return guess;
}

}  // namespace spreadable
