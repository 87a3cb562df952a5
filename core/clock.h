// core/clock.h: time as the core sees it. Nothing in core reads a system clock itself.
#pragma once

#include <chrono>

namespace spreadable {

using Duration = std::chrono::nanoseconds;
using Millis = std::chrono::milliseconds;

/// A reading of Clock::now(): for ages and deadlines. Means nothing on another machine.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// A reading of Clock::wall_now(): for the wire, for stored dates and for people.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

/// Tells and passes time. SystemClock in production, a virtual clock in simulation and tests.
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Steady time: never goes back, whatever is done to the machine's date.
  [[nodiscard]] virtual TimePoint now() const = 0;
  /// The machine's idea of the date. May jump in either direction.
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

/// The absolute point at which waiting ends. Made once where a request enters, passed down by
/// value, narrowed at each stage. Source: design.md, law 3.
class Deadline {
 public:
  explicit Deadline(TimePoint at) : at_(at) {}

  [[nodiscard]] static Deadline after(const Clock& clock, Duration span) {
    return Deadline(clock.now() + span);
  }

  [[nodiscard]] TimePoint at() const { return at_; }

  /// Time left, never below zero.
  [[nodiscard]] Duration remaining(const Clock& clock) const {
    const Duration left = at_ - clock.now();
    return left > Duration::zero() ? left : Duration::zero();
  }
  [[nodiscard]] bool has_passed(const Clock& clock) const { return clock.now() >= at_; }

  [[nodiscard]] Deadline earlier_by(Duration margin) const { return Deadline(at_ - margin); }
  [[nodiscard]] Deadline at_most(Deadline other) const { return at_ < other.at_ ? *this : other; }

  friend auto operator<=>(const Deadline&, const Deadline&) = default;

 private:
  TimePoint at_;
};

/// Milliseconds since the epoch, as the wire has them.
[[nodiscard]] inline long long to_epoch_millis(WallTime time) {
  return time.time_since_epoch().count();
}

}  // namespace spreadable
