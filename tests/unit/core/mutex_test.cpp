#include "core/mutex.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace spreadable {

using namespace std::chrono_literals;

TEST_CASE("mutex: one thread at a time is inside, however many want to be") {
  constexpr int kThreads = 4;
  constexpr int kTimes = 20'000;
  Mutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int times = 0; times < kTimes; ++times) {
        const MutexLock lock(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(count == kThreads * kTimes);
}

TEST_CASE("mutex: who waits for it gets it when it is given back") {
  Mutex mutex;
  bool is_given = false;
  std::atomic<int> waiting = 0;
  std::vector<std::thread> threads;
  mutex.lock();
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      ++waiting;
      const MutexLock lock(mutex);
      CHECK(is_given);
    });
  }
  while (waiting < 3) std::this_thread::yield();
  is_given = true;
  mutex.unlock();
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("mutex: a condition is waited for without it, and seen with it") {
  Mutex mutex;
  Condition changed;
  constexpr int kTurns = 2'000;
  std::vector<int> turns;  // who took each
  const auto play = [&](int mine) {
    const MutexLock lock(mutex);
    for (int i = 0; i < kTurns; ++i) {
      while (static_cast<int>(turns.size()) % 2 != mine) changed.wait(mutex);
      turns.push_back(mine);
      changed.notify_all();
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  REQUIRE(turns.size() == 2 * kTurns);
  for (int i = 0; i < 2 * kTurns; ++i) REQUIRE(turns[static_cast<std::size_t>(i)] == i % 2);
}

TEST_CASE("mutex: a wait for a condition ends with its time, and the mutex is held again") {
  Mutex mutex;
  Condition changed;
  const MutexLock lock(mutex);
  CHECK(changed.wait_for(mutex, 1ms) == std::cv_status::timeout);
  std::atomic<bool> is_inside = false;
  std::thread other([&] {
    const MutexLock inner(mutex);
    is_inside = true;
  });
  std::this_thread::yield();
  CHECK_FALSE(is_inside);
  CHECK(changed.wait_until(mutex, std::chrono::steady_clock::now()) == std::cv_status::timeout);
  while (!is_inside) changed.wait_for(mutex, 1ms);
  other.join();
}

}  // namespace spreadable
