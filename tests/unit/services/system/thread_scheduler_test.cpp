#include "services/system/thread_scheduler.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "services/system/system_clock.h"
#include "tests/support/fake_logger.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;  // a bound for what should take milliseconds

/// Counts events on some threads for another one to wait for.
class Counter {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  [[nodiscard]] bool reaches(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return count_ >= count; });
  }
  [[nodiscard]] int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

struct Fixture {
  explicit Fixture(std::size_t workers = 8) : scheduler(clock, logger, {.workers_max = workers}) {}

  SystemClock clock;
  FakeLogger logger;
  ThreadScheduler scheduler;
};

}  // namespace

TEST_CASE(
    "scheduler: delay: a task runs after its first delay and again after each one it returns") {
  Fixture fixture;
  Counter runs;
  const TimePoint started = fixture.clock.now();
  const auto task = fixture.scheduler.start("tick", 20ms, [&] {
    runs.add();
    return Duration{20ms};
  });
  CHECK(fixture.scheduler.workers() == 0);  // none is needed yet
  REQUIRE(runs.reaches(3));
  CHECK(fixture.clock.now() - started >= 60ms);
  CHECK(fixture.scheduler.workers() == 1);
}

TEST_CASE("scheduler: delay: extreme delays are kept within the range of the clock") {
  Fixture fixture;
  Counter runs;
  const auto never = fixture.scheduler.start("never", Duration::max(), [&] {
    runs.add();
    return Duration::max();
  });
  const auto now = fixture.scheduler.start("now", Duration::min(), [&] {
    runs.add();
    return Duration::max();
  });
  REQUIRE(runs.reaches(1));
  never->wake();
  CHECK(runs.reaches(2));
}

TEST_CASE("scheduler: wake: brings the next run forward") {
  Fixture fixture;
  Counter runs;
  const auto task = fixture.scheduler.start("hourly", 1h, [&] {
    runs.add();
    return Duration{1h};
  });
  for (int expected = 1; expected <= 5; ++expected) {
    task->wake();
    CHECK(runs.reaches(expected));
  }
}

TEST_CASE("scheduler: wake: during a run, exactly one other follows") {
  Fixture fixture;
  Counter begun;
  Counter released;
  Counter ended;
  const auto task = fixture.scheduler.start("task", 0ms, [&] {
    begun.add();
    (void)released.reaches(1);
    ended.add();
    return Duration{1h};
  });
  REQUIRE(begun.reaches(1));
  for (int i = 0; i < 10; ++i) task->wake();
  released.add();
  REQUIRE(ended.reaches(2));
  task->wake();
  REQUIRE(ended.reaches(3));
  CHECK(begun.count() == 3);
}

TEST_CASE("scheduler: wake: within a span, never puts a run off") {
  Fixture fixture;
  Counter runs;
  const TimePoint started = fixture.clock.now();
  const auto task = fixture.scheduler.start("task", 1h, [&] {
    runs.add();
    return Duration{1h};
  });
  task->wake(30ms);
  task->wake(2h);
  REQUIRE(runs.reaches(1));
  CHECK(fixture.clock.now() - started >= 30ms);
}

TEST_CASE("scheduler: wake: during a run, the span counts from its end") {
  Fixture fixture;
  Counter begun;
  Counter released;
  std::atomic<TimePoint> ended{};
  std::atomic<Duration> pause{};
  const auto task = fixture.scheduler.start("task", 0ms, [&] {
    if (begun.count() > 0) pause = fixture.clock.now() - ended.load();
    begun.add();
    (void)released.reaches(1);
    ended = fixture.clock.now();
    return Duration{1h};
  });
  REQUIRE(begun.reaches(1));
  task->wake(1h);
  task->wake(30ms);
  task->wake(2h);
  released.add();
  REQUIRE(begun.reaches(2));
  CHECK(pause.load() >= 30ms);
}

TEST_CASE("scheduler: overlap: a task never runs twice at the same time") {
  Fixture fixture;
  std::atomic<int> inside = 0;
  std::atomic<bool> has_overlapped = false;
  Counter runs;
  const auto task = fixture.scheduler.start("task", 0ms, [&] {
    if (++inside > 1) has_overlapped = true;
    std::this_thread::yield();
    --inside;
    runs.add();
    return Duration::zero();
  });
  for (int i = 0; i < 1000; ++i) task->wake();
  CHECK(runs.reaches(200));
  CHECK_FALSE(has_overlapped);
}

TEST_CASE("scheduler: destruction: waits for the run under way") {
  Fixture fixture;
  Counter begun;
  Counter released;
  Counter ended;
  auto task = fixture.scheduler.start("task", 0ms, [&] {
    begun.add();
    (void)released.reaches(1);
    ended.add();
    return Duration::zero();
  });
  REQUIRE(begun.reaches(1));
  task->wake();
  std::jthread releaser([&] { released.add(); });
  task.reset();
  CHECK(ended.count() >= 1);
  CHECK(begun.count() == ended.count());
}

TEST_CASE("scheduler: workers: the rest wait when all are busy, and may be destroyed unrun") {
  Fixture fixture{2};
  Counter begun;
  Counter released;
  Counter late;
  const auto block = [&] {
    begun.add();
    (void)released.reaches(1);
    return Duration{1h};
  };
  const auto count = [&] {
    late.add();
    return Duration{1h};
  };
  const auto first = fixture.scheduler.start("first", 0ms, block);
  const auto second = fixture.scheduler.start("second", 0ms, block);
  REQUIRE(begun.reaches(2));
  auto dropped = fixture.scheduler.start("dropped", 0ms, count);
  const auto third = fixture.scheduler.start("third", 0ms, count);
  dropped->wake();
  third->wake();
  CHECK(fixture.scheduler.workers() == 2);
  CHECK(late.count() == 0);
  dropped.reset();
  released.add();
  CHECK(late.reaches(1));
  CHECK(late.count() == 1);
}

TEST_CASE("scheduler: exception: is logged with the task's name and ends nothing") {
  Fixture fixture;
  Counter runs;
  const auto task = fixture.scheduler.start("sync", 0ms, [&]() -> Duration {
    runs.add();
    throw std::runtime_error("no peers");
  });
  REQUIRE(runs.reaches(1));
  task->wake();
  REQUIRE(runs.reaches(2));
  CHECK(fixture.logger.contains("task sync failed: no peers"));
}

TEST_CASE("scheduler: nesting: a task may start, wake and destroy others") {
  Fixture fixture;
  Counter inner_runs;
  Counter outer_runs;
  std::unique_ptr<Scheduler::Task> inner;
  const auto outer = fixture.scheduler.start("outer", 0ms, [&] {
    inner = fixture.scheduler.start("inner", 1h, [&] {
      inner_runs.add();
      return Duration{1h};
    });
    inner->wake();
    (void)inner_runs.reaches(outer_runs.count() + 1);
    inner.reset();
    outer_runs.add();
    return Duration::zero();
  });
  CHECK(outer_runs.reaches(3));
  CHECK(inner_runs.count() >= 3);
}

TEST_CASE("scheduler: options: at least one worker") {
  const SystemClock clock;
  FakeLogger logger;
  CHECK_THROWS_AS(ThreadScheduler(clock, logger, {.workers_max = 0}), std::invalid_argument);
}

}  // namespace spreadable
