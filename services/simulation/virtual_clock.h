// services/simulation/virtual_clock.h: the clock of one machine, right or wrong.
#pragma once

#include "core/clock.h"
#include "services/simulation/virtual_time.h"

namespace spreadable {

/// What a machine takes for the time: true time as VirtualTime has it, with errors that can be set.
/// Steady clocks of two machines never show the same, as after two boots. Each reading is later
/// than the one before, by a nanosecond at least, as on a real machine: code that takes two readings
/// for one moment is wrong there and must not be right here. For one thread.
class VirtualClock final : public Clock {
 public:
  static constexpr WallTime kStartDate{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

  /// `uptime` is what the steady clock shows at the beginning, beside its own start.
  VirtualClock(const VirtualTime& time, Duration uptime);

  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] WallTime wall_now() const override;

  /// The date jumps to be off by `offset` from the true one.
  void set_wall_offset(Millis offset) { wall_offset_ = offset; }
  /// From now on the clock gains `drift` seconds per second; -0.001 loses a millisecond in each.
  /// Requires: above -1.
  void set_drift(double drift);

  /// The first moment of true time at which this clock shows `local` or later.
  [[nodiscard]] TimePoint true_time_of(TimePoint local) const;

 private:
  [[nodiscard]] TimePoint local_of(TimePoint true_time) const;

  static constexpr Duration kTick{1};

  const VirtualTime& time_;
  const TimePoint local_start_;
  TimePoint true_base_;  ///< since when the drift is what it is
  TimePoint local_base_;
  double drift_ = 0;
  Millis wall_offset_{0};
  mutable TimePoint shown_{};  ///< by the last reading
};

}  // namespace spreadable
