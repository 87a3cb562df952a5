#include "services/simulation/virtual_scheduler.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/fake_logger.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

struct Machine {
  VirtualTime time{};
  MachineId id = time.add_machine();
  VirtualClock clock{time, 0h};
  FakeLogger logger{};
  VirtualScheduler scheduler{time, id, clock, logger};
  std::string runs{};

  /// A run that writes down when it was, in seconds.
  void note() { runs += std::to_string((time.now() - VirtualTime::kStart) / 1s) + " "; }
  void run_until(Duration since_start) { time.run_until(VirtualTime::kStart + since_start); }
};

}  // namespace

TEST_CASE("simulation: scheduler: runs after the first delay, then after each delay returned") {
  Machine machine;
  const auto task = machine.scheduler.start("t", 2s, [&]() -> Duration {
    machine.note();
    return 5s;
  });
  machine.run_until(13s);
  CHECK(machine.runs == "2 7 12 ");
}

TEST_CASE("simulation: scheduler: wake brings the next run forward and never puts it off") {
  Machine machine;
  const auto task = machine.scheduler.start("t", 10s, [&]() -> Duration {
    machine.note();
    return 10s;
  });
  task->wake(60s);
  task->wake(3s);
  task->wake(5s);
  machine.run_until(14s);
  CHECK(machine.runs == "3 13 ");
}

TEST_CASE("simulation: scheduler: a wake during a run counts from its end") {
  Machine machine;
  std::unique_ptr<Scheduler::Task> task;
  bool is_first = true;
  task = machine.scheduler.start("t", 1s, [&]() -> Duration {
    machine.note();
    if (std::exchange(is_first, false)) task->wake(2s);
    machine.time.sleep(machine.id, 4s);
    return 100s;
  });
  machine.run_until(50s);
  CHECK(machine.runs == "1 7 ");
}

TEST_CASE("simulation: scheduler: ending a task waits for the run under way") {
  Machine machine;
  auto task = machine.scheduler.start("t", 1s, [&]() -> Duration {
    machine.time.sleep(machine.id, 4s);
    machine.note();
    return 1s;
  });
  machine.run_until(2s);
  task.reset();
  CHECK(machine.runs == "5 ");
  machine.run_until(60s);
  CHECK(machine.runs == "5 ");
}

TEST_CASE("simulation: scheduler: a place is used again without mixing up the tasks") {
  Machine machine;
  auto first = machine.scheduler.start("first", 1s, [&]() -> Duration {
    FAIL("an ended task ran");
    return 1s;
  });
  first.reset();
  const auto second = machine.scheduler.start("second", 3s, [&]() -> Duration {
    machine.note();
    return 1h;
  });
  machine.run_until(10s);
  CHECK(machine.runs == "3 ");
}

TEST_CASE("simulation: scheduler: an exception counts as a delay of a second and is logged") {
  Machine machine;
  const auto task = machine.scheduler.start("broken", 1s, [&]() -> Duration {
    machine.note();
    throw std::runtime_error("out of luck");
  });
  machine.run_until(3s);
  CHECK(machine.runs == "1 2 3 ");
  CHECK(machine.logger.contains("task broken failed: out of luck"));
}

TEST_CASE("simulation: scheduler: delays pass on the machine's own clock") {
  Machine machine;
  machine.clock.set_drift(1);  // twice as fast
  const auto task = machine.scheduler.start("t", 2s, [&]() -> Duration {
    machine.note();
    return 4s;
  });
  machine.run_until(6s);
  CHECK(machine.runs == "1 3 5 ");
}

TEST_CASE("simulation: scheduler: a task that asks for no delay lets time pass all the same") {
  Machine machine;
  int runs = 0;
  const auto task = machine.scheduler.start("eager", 0s, [&]() -> Duration {
    ++runs;
    return 0s;
  });
  machine.run_until(10ms + 1us);  // what the readings of its clock have taken
  CHECK(runs == 11);
}

}  // namespace spreadable
