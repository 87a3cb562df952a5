#include "services/simulation/virtual_clock.h"

#include <doctest/doctest.h>

namespace spreadable {

using namespace std::chrono_literals;

TEST_CASE("simulation: clock: shows true time, beside what the machine was up before") {
  VirtualTime time;
  const VirtualClock clock(time, 5h);
  CHECK(clock.now() == VirtualTime::kStart + 5h);
  CHECK(clock.wall_now() == VirtualClock::kStartDate);
  time.run_until(VirtualTime::kStart + 90s);
  CHECK(clock.now() == VirtualTime::kStart + 5h + 90s);
  CHECK(clock.wall_now() == VirtualClock::kStartDate + 90s);
}

TEST_CASE("simulation: clock: no two readings are the same, though no time passes") {
  VirtualTime time;
  const VirtualClock clock(time, 0h);
  const TimePoint first = clock.now();
  const TimePoint second = clock.now();
  CHECK(second == first + Duration(1));
  CHECK(clock.now() > second);
  CHECK(time.now() == VirtualTime::kStart);
  time.run_until(VirtualTime::kStart + 1ms);
  CHECK(clock.now() == VirtualTime::kStart + 1ms);
}

TEST_CASE("simulation: clock: an offset moves the date and not the steady time") {
  VirtualTime time;
  VirtualClock clock(time, 0h);
  clock.set_wall_offset(-1h);
  CHECK(clock.wall_now() == VirtualClock::kStartDate - 1h);
  CHECK(clock.now() == VirtualTime::kStart);
}

TEST_CASE("simulation: clock: drift counts from when it begins, and the steady time never jumps") {
  VirtualTime time;
  VirtualClock clock(time, 0h);
  time.run_until(VirtualTime::kStart + 100s);
  clock.set_drift(0.1);
  CHECK(clock.now() == VirtualTime::kStart + 100s);
  time.run_until(VirtualTime::kStart + 200s);
  CHECK(clock.now() == VirtualTime::kStart + 210s);
  clock.set_drift(-0.5);
  time.run_until(VirtualTime::kStart + 300s);
  CHECK(clock.now() == VirtualTime::kStart + 260s);
}

TEST_CASE(
    "simulation: clock: a deadline is over at the true time that is told for it, not before") {
  for (const double drift : {0.0, 0.1, -0.1, 1e-6, -1e-6, 0.333333}) {
    VirtualTime time;
    VirtualClock clock(time, 7h);
    clock.set_drift(drift);
    for (const Duration span : {Duration(2), Duration(1'234'567'891), Duration(2s), Duration(6h)}) {
      INFO("drift ", drift, ", span ", span.count());
      const TimePoint deadline = clock.now() + span;
      const TimePoint until = clock.true_time_of(deadline);
      time.run_until(until - Duration(1));
      CHECK(clock.now() < deadline);
      time.run_until(until);
      CHECK(clock.now() >= deadline);
    }
  }
}

}  // namespace spreadable
