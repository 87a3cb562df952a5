#include "tests/support/fake_scheduler.h"

#include <doctest/doctest.h>

#include <stdexcept>

namespace spreadable {
namespace {

using namespace std::chrono_literals;

struct Fixture {
  [[nodiscard]] std::unique_ptr<Scheduler::Task> start(char name, Duration first, Duration delay) {
    return scheduler.start(std::string(1, name), first, [this, name, delay] {
      runs += name;
      return delay;
    });
  }

  ManualClock clock;
  FakeScheduler scheduler{clock};
  std::string runs;
};

}  // namespace

TEST_CASE("fake scheduler: run_for: runs tasks when due, in order, and ends at the right time") {
  Fixture fixture;
  const auto a = fixture.start('a', 2s, 4s);
  const auto b = fixture.start('b', 3s, 3s);
  const TimePoint started = fixture.clock.now();
  fixture.scheduler.run_for(6s);
  CHECK(fixture.runs == "abab");  // at 2, 3, 6 and 6 s: of the last two, `a` was started first
  CHECK(fixture.clock.now() - started == 6s);
  CHECK(fixture.scheduler.delay_of("b") == 3s);
}

TEST_CASE("fake scheduler: run_due: leaves the clock alone") {
  Fixture fixture;
  const auto a = fixture.start('a', 0s, 0s);
  const auto b = fixture.start('b', 1s, 1s);
  CHECK(fixture.scheduler.run_due() == 1);
  CHECK(fixture.scheduler.run_due() == 0);
  fixture.clock.advance(1s);
  CHECK(fixture.scheduler.run_due() == 2);
  CHECK(fixture.runs == "aab");
  CHECK(fixture.scheduler.task_names() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("fake scheduler: wake: brings a run forward, and during a run counts from its end") {
  Fixture fixture;
  const auto a = fixture.start('a', 1h, 1h);
  a->wake(5s);
  a->wake(9s);
  CHECK(fixture.scheduler.delay_of("a") == 5s);
  std::unique_ptr<Scheduler::Task> self;
  int left = 2;
  self = fixture.scheduler.start("self", 0s, [&] {
    if (left-- > 0) self->wake(Duration::zero());
    return Duration{1h};
  });
  CHECK(fixture.scheduler.run_due() == 3);
  CHECK(fixture.scheduler.delay_of("self") == 1h);
}

TEST_CASE("fake scheduler: exception: counts as a delay of a second") {
  Fixture fixture;
  const auto task =
      fixture.scheduler.start("task", 1h, []() -> Duration { throw std::runtime_error("no"); });
  fixture.scheduler.run("task");
  CHECK(fixture.scheduler.delay_of("task") == 1s);
}

}  // namespace spreadable
