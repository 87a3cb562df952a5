#include "services/http/worker_pool.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

namespace spreadable {
namespace {

constexpr std::array kClasses{WorkClass::leaf, WorkClass::forward, WorkClass::client};
constexpr auto kPatience = std::chrono::seconds{10};  // far more than any of this takes

/// Jobs that block until opened. Open before the pool ends.
class Gate {
 public:
  ~Gate() { open(); }
  /// Submits `count` jobs that wait here; returns how many were taken.
  std::size_t block(WorkerPool& pool, WorkClass work, std::size_t count) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      taken += pool.try_submit(work, {.run = [this] {
                                 ++inside_;
                                 opened_.wait();
                               }});
    }
    return taken;
  }
  void open() {
    if (!is_open_.exchange(true)) door_.set_value();
  }
  [[nodiscard]] std::size_t inside() const { return inside_; }

 private:
  std::promise<void> door_;
  std::shared_future<void> opened_ = door_.get_future().share();
  std::atomic<bool> is_open_{false};
  std::atomic<std::size_t> inside_{0};
};

bool wait_until(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

IpAddress source(char name) {
  return *IpAddress::parse("9.9.9." + std::to_string(static_cast<int>(name)));
}

/// Whether a job of `work` runs to its end.
bool runs(WorkerPool& pool, WorkClass work) {
  const auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  if (!pool.try_submit(work, {.run = [done] { done->set_value(); }})) return false;
  return finished.wait_for(kPatience) == std::future_status::ready;
}

}  // namespace

TEST_CASE("worker pool: reserve: a class runs however many jobs of the classes above it block") {
  Gate gate;
  WorkerPool pool;
  const WorkerPool::Options options;
  CHECK(gate.block(pool, WorkClass::client, 100) == 100);
  REQUIRE(wait_until([&] { return gate.inside() == options.client.threads; }));
  CHECK(runs(pool, WorkClass::forward));
  CHECK(runs(pool, WorkClass::leaf));
  CHECK(gate.block(pool, WorkClass::forward, 100) == 100);
  REQUIRE(wait_until(
      [&] { return gate.inside() == options.client.threads + options.forward.threads; }));
  CHECK(runs(pool, WorkClass::leaf));
  gate.open();
}

TEST_CASE("worker pool: threads: a class never runs more jobs at once than it may") {
  Gate gate;
  WorkerPool pool({{2, 100}, {3, 100}, {1, 100}, std::chrono::seconds{10}});
  for (const WorkClass work : kClasses) CHECK(gate.block(pool, work, 10) == 10);
  REQUIRE(wait_until([&] { return gate.inside() == 6; }));
  const auto load = pool.load();
  CHECK(load.threads == 6);
  CHECK(load.running == std::array<std::size_t, 3>{2, 3, 1});
  CHECK(load.waiting == std::array<std::size_t, 3>{8, 7, 9});
  gate.open();
}

TEST_CASE("worker pool: queue: one job more than fits is refused, and other classes are not") {
  Gate gate;
  WorkerPool pool({{1, 2}, {1, 2}, {1, 2}, std::chrono::seconds{10}});
  CHECK(gate.block(pool, WorkClass::leaf, 1) == 1);
  REQUIRE(wait_until([&] { return gate.inside() == 1; }));
  CHECK(gate.block(pool, WorkClass::leaf, 3) == 2);
  CHECK(runs(pool, WorkClass::client));
  gate.open();
  REQUIRE(wait_until([&] { return pool.load().waiting[0] == 0; }));
  CHECK(runs(pool, WorkClass::leaf));
}

TEST_CASE("worker pool: sources: take turns, so that one waits for itself and not for a crowd") {
  Gate gate;
  WorkerPool pool({{1, 100}, {1, 100}, {1, 100}, std::chrono::seconds{10}});
  REQUIRE(gate.block(pool, WorkClass::leaf, 1) == 1);
  REQUIRE(wait_until([&] { return gate.inside() == 1; }));
  std::string order;
  for (const char name : std::string("aaaabbc")) {
    CHECK(pool.try_submit(WorkClass::leaf,
                          {.run = [&order, name] { order += name; }, .source = source(name)}));
  }
  gate.open();
  pool.stop();
  CHECK(order == "abcabaa");
}

TEST_CASE("worker pool: sources: in a full queue whoever has most gives up the newest") {
  Gate gate;
  WorkerPool pool({{1, 4}, {1, 4}, {1, 4}, std::chrono::seconds{10}});
  REQUIRE(gate.block(pool, WorkClass::client, 1) == 1);
  REQUIRE(wait_until([&] { return gate.inside() == 1; }));
  std::string order;
  std::string dropped;
  const auto submit = [&](char name, int number) {
    const std::string job = name + std::to_string(number);
    return pool.try_submit(WorkClass::client, {.run = [&order, job] { order += job; },
                                               .drop = [&dropped, job] { dropped += job; },
                                               .source = source(name)});
  };
  for (int i = 1; i <= 4; ++i) CHECK(submit('a', i));
  CHECK_FALSE(submit('a', 5));
  CHECK(submit('b', 1));
  CHECK(dropped == "a4");
  CHECK(submit('b', 2));
  CHECK(dropped == "a4a3");
  CHECK_FALSE(submit('b', 3));
  CHECK(submit('c', 1));
  CHECK(dropped.size() == 6);
  CHECK_FALSE(submit('c', 2));
  gate.open();
  pool.stop();
  CHECK(order.size() == 8);
}

TEST_CASE(
    "worker pool: standing queue: what does not empty takes fewer, and is itself again after") {
  Gate gate;
  WorkerPool pool({{1, 10}, {1, 10}, {1, 10, 2}, std::chrono::seconds{10}, Millis{0}});
  REQUIRE(gate.block(pool, WorkClass::client, 1) == 1);
  REQUIRE(wait_until([&] { return gate.inside() == 1; }));
  CHECK(gate.block(pool, WorkClass::client, 5) == 2);
  CHECK(gate.block(pool, WorkClass::leaf, 10) == 10);
  gate.open();
  REQUIRE(wait_until([&] { return pool.load().waiting[2] == 0; }));
  CHECK(runs(pool, WorkClass::client));
}

TEST_CASE("worker pool: standing queue: a burst may fill the queue") {
  Gate gate;
  WorkerPool pool({{1, 10}, {1, 10}, {1, 10, 2}, std::chrono::seconds{10}, std::chrono::hours{1}});
  REQUIRE(gate.block(pool, WorkClass::client, 1) == 1);
  REQUIRE(wait_until([&] { return gate.inside() == 1; }));
  CHECK(gate.block(pool, WorkClass::client, 11) == 10);
  gate.open();
}

TEST_CASE("worker pool: stop: what was taken is done, and nothing more is taken") {
  std::atomic<int> done{0};
  WorkerPool pool({{1, 100}, {1, 100}, {1, 100}, std::chrono::seconds{10}});
  for (int i = 0; i < 30; ++i) {
    CHECK(pool.try_submit(kClasses[static_cast<std::size_t>(i % 3)], {.run = [&] { ++done; }}));
  }
  pool.stop();
  CHECK(done == 30);
  CHECK(pool.load().threads == 0);
  for (const WorkClass work : kClasses) CHECK_FALSE(pool.try_submit(work, {.run = [] {}}));
  pool.stop();
}

TEST_CASE("worker pool: idle: threads end after the timeout and come back when needed") {
  WorkerPool pool({{4, 100}, {4, 100}, {4, 100}, Millis{1}});
  CHECK(pool.load().threads == 0);
  for (int round = 0; round < 3; ++round) {
    CHECK(runs(pool, WorkClass::leaf));
    CHECK(wait_until([&] { return pool.load().threads == 0; }));
  }
}

TEST_CASE("worker pool: load: jobs of many threads all run once") {
  constexpr int kSubmitters = 4;
  constexpr int kJobs = 3'000;
  std::atomic<int> taken{0};
  std::atomic<int> done{0};
  WorkerPool pool({{2, 50}, {2, 50}, {2, 50}, Millis{1}});
  {
    std::vector<std::jthread> submitters;
    for (int s = 0; s < kSubmitters; ++s) {
      submitters.emplace_back([&] {
        for (int i = 0; i < kJobs; ++i) {
          taken +=
              pool.try_submit(kClasses[static_cast<std::size_t>(i % 3)], {.run = [&] { ++done; }});
        }
      });
    }
  }
  pool.stop();
  CHECK(taken > 0);
  CHECK(done == taken);
}

}  // namespace spreadable
