// tests/support/manual_clock.h: a clock that moves only when a test says so.
#pragma once

#include "core/clock.h"
#include "core/mutex.h"

namespace spreadable {

/// Starts one day after the clock's own zero, so that subtracting from now() stays in range, and at
/// a fixed date. Thread-safe.
class ManualClock final : public Clock {
 public:
  static constexpr WallTime kStartDate{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

  [[nodiscard]] TimePoint now() const override {
    const MutexLock lock(mutex_);
    return now_;
  }
  [[nodiscard]] WallTime wall_now() const override {
    const MutexLock lock(mutex_);
    return std::chrono::time_point_cast<Millis>(wall_ + since_wall_set_);
  }

  /// Moves both the steady time and the date.
  void advance(Duration span) {
    const MutexLock lock(mutex_);
    now_ += span;
    since_wall_set_ += span;
  }
  /// Changes the date alone, as an administrator would.
  void set_wall(WallTime date) {
    const MutexLock lock(mutex_);
    wall_ = date;
    since_wall_set_ = Duration::zero();
  }

 private:
  mutable Mutex mutex_;
  TimePoint now_ SPREADABLE_GUARDED_BY(mutex_){std::chrono::hours{24}};
  WallTime wall_ SPREADABLE_GUARDED_BY(mutex_) = kStartDate;
  Duration since_wall_set_ SPREADABLE_GUARDED_BY(mutex_) = Duration::zero();
};

}  // namespace spreadable
