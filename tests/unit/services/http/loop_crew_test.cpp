#include "services/http/detail/loop_crew.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

#include "services/http/event_loop.h"
#include "services/system/thread_time.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;
using detail::LoopCrew;

/// A loop with a crew that takes jobs. A pause lasts until the clock is set on.
class Crewed {
 public:
  Crewed() { wait_until_served(0); }

  /// Jobs that are done one after the other, in one go.
  void serve(std::size_t kind, std::vector<std::function<void()>> jobs) {
    loop_.run([&] {
      for (auto& job : jobs) loop_.crew().serve(kind, std::move(job));
    });
  }
  [[nodiscard]] bool can_serve(std::size_t kind) {
    bool can = false;
    loop_.run([&] { can = loop_.crew().can_serve(kind); });
    return can;
  }
  /// Jobs are refused while nobody watches, as when a thread comes back from a slow one.
  void wait_until_served(std::size_t kind) {
    while (!can_serve(kind)) std::this_thread::yield();
  }
  [[nodiscard]] std::thread::id driver() {
    std::thread::id id;
    loop_.run([&] { id = std::this_thread::get_id(); });
    return id;
  }
  [[nodiscard]] TimePoint now() const { return clock_.now(); }
  void advance(Duration span) { clock_.advance(span); }
  /// A job that keeps its thread busy for longer than is quick.
  [[nodiscard]] std::function<void()> long_job() {
    return [this] {
      const Duration begun = thread_time();
      while (thread_time() - begun <= LoopCrew::kQuick) {
      }
      advance(2 * LoopCrew::kQuick);
    };
  }

 private:
  ManualClock clock_;
  EventLoop loop_{clock_};
};

}  // namespace

TEST_CASE("loop crew: jobs: done by the thread that drives, in order") {
  Crewed crewed;
  std::vector<int> order;
  std::promise<std::thread::id> done;
  crewed.serve(0, {[&] { order.push_back(1); }, [&] { order.push_back(2); },
                   [&] { done.set_value(std::this_thread::get_id()); }});
  CHECK(done.get_future().get() == crewed.driver());
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("loop crew: sleep: others have the thread until the job is called") {
  Crewed crewed;
  std::atomic<LoopCrew::Sleep*> sleeping = nullptr;
  std::promise<void> other;
  std::promise<bool> woken;
  std::thread::id before;
  std::thread::id after;
  crewed.serve(0, {[&] {
                     LoopCrew::Sleep sleep;
                     before = std::this_thread::get_id();
                     sleeping = &sleep;
                     const bool is_called = sleep.until(crewed.now() + 1h);
                     after = std::this_thread::get_id();
                     woken.set_value(is_called);
                   },
                   [&] { other.set_value(); }});
  other.get_future().get();
  sleeping.load()->call();
  CHECK(woken.get_future().get());
  CHECK(before == after);
}

TEST_CASE("loop crew: sleep: a job calls another one of its thread") {
  Crewed crewed;
  LoopCrew::Sleep* sleeping = nullptr;
  std::promise<bool> woken;
  crewed.serve(0, {[&] {
                     LoopCrew::Sleep sleep;
                     sleeping = &sleep;
                     woken.set_value(sleep.until(crewed.now() + 1h));
                   },
                   [&] { sleeping->call(); }});
  CHECK(woken.get_future().get());
}

TEST_CASE("loop crew: sleep: ends at its time when nobody calls") {
  Crewed crewed;
  std::promise<bool> woken;
  crewed.serve(0, {[&] {
                 LoopCrew::Sleep sleep;
                 woken.set_value(sleep.until(crewed.now()));
               }});
  CHECK_FALSE(woken.get_future().get());
}

TEST_CASE("loop crew: slow jobs: another thread drives on, and does the jobs behind") {
  Crewed crewed;
  std::promise<void> release;
  std::promise<void> done;
  crewed.serve(3, {[&] {
                     release.get_future().get();
                     done.set_value();
                   },
                   [&] { release.set_value(); }});
  done.get_future().get();
  crewed.wait_until_served(0);  // somebody watches the loop again
  CHECK_FALSE(crewed.can_serve(3));
  crewed.advance(LoopCrew::kPause);
  crewed.wait_until_served(3);
}

TEST_CASE("loop crew: slow jobs: one that sleeps afterwards goes on where it was") {
  Crewed crewed;
  std::promise<void> release;
  std::atomic<LoopCrew::Sleep*> sleeping = nullptr;
  std::promise<bool> is_same;
  crewed.serve(0, {[&] {
                     const auto own = std::this_thread::get_id();
                     release.get_future().get();
                     LoopCrew::Sleep sleep;
                     sleeping = &sleep;
                     sleep.until_called();
                     is_same.set_value(own == std::this_thread::get_id());
                   },
                   [&] { release.set_value(); }});
  while (!sleeping) std::this_thread::yield();
  sleeping.load()->call();
  CHECK(is_same.get_future().get());
}

TEST_CASE("loop crew: slow jobs: after two that have computed for long others do that kind") {
  Crewed crewed;
  constexpr std::size_t kSlow = 3;
  std::promise<void> done;
  crewed.serve(kSlow, {crewed.long_job(), crewed.long_job(), [&] { done.set_value(); }});
  done.get_future().wait();
  CHECK_FALSE(crewed.can_serve(kSlow));
  crewed.wait_until_served(0);
  CHECK_FALSE(crewed.can_serve(kSlow));
  crewed.advance(LoopCrew::kPause);
  crewed.wait_until_served(kSlow);
}

TEST_CASE(
    "loop crew: slow jobs: waits that are short to begin do not hide what is long after them") {
  Crewed crewed;
  constexpr std::size_t kSlow = 3;
  for (int i = 0; i < 2; ++i) {
    std::promise<void> done;
    crewed.serve(kSlow, {[&] {
                   LoopCrew::Sleep sleep;
                   CHECK_FALSE(sleep.until(crewed.now()));
                   crewed.long_job()();
                   done.set_value();
                 }});
    done.get_future().wait();
  }
  crewed.wait_until_served(0);
  CHECK_FALSE(crewed.can_serve(kSlow));
}

TEST_CASE("loop crew: slow jobs: those that only waited for the processor are none") {
  Crewed crewed;
  const auto delayed = [&] { crewed.advance(2 * LoopCrew::kQuick); };
  // A busy machine may keep the driver itself from a processor, until it is taken the loop.
  constexpr int kAttempts = 50;
  for (int i = 0; i < kAttempts; ++i) {
    const auto driver = crewed.driver();
    std::promise<void> done;
    crewed.serve(3, {delayed, delayed, delayed, [&] { done.set_value(); }});
    done.get_future().wait();
    if (crewed.driver() == driver) return crewed.wait_until_served(3);
    crewed.advance(LoopCrew::kPause);
  }
  FAIL("the loop was taken from quick jobs each time");
}

TEST_CASE("loop crew: leaving: a job that is about to block keeps nobody") {
  Crewed crewed;
  const auto driver = crewed.driver();
  std::promise<void> release;
  std::promise<void> done;
  std::promise<std::thread::id> other;
  crewed.serve(1, {[&] {
                     LoopCrew::leave_loop();
                     LoopCrew::leave_loop();  // once is enough
                     release.get_future().get();
                     done.set_value();
                   },
                   [&] { other.set_value(std::this_thread::get_id()); }});
  CHECK(other.get_future().get() != driver);
  CHECK(crewed.driver() != driver);
  release.set_value();
  done.get_future().get();
}

TEST_CASE("loop crew: leaving: elsewhere it does nothing") {
  LoopCrew::leave_loop();
  CHECK_FALSE(LoopCrew::Sleep::is_possible());
}

TEST_CASE("loop crew: threads: with all of them busy jobs are refused, and events go on") {
  Crewed crewed;
  std::promise<void> release;
  const std::shared_future<void> released(release.get_future());
  std::atomic<std::size_t> blocked = 0;
  std::atomic<std::size_t> ended = 0;
  for (std::size_t kind = 1; kind < LoopCrew::kThreadsMax; ++kind) {
    crewed.wait_until_served(kind);
    const std::size_t before = blocked;
    crewed.serve(kind, {[&] {
                   LoopCrew::leave_loop();
                   ++blocked;
                   released.wait();
                   ++ended;
                 }});
    while (blocked == before) std::this_thread::yield();
  }
  CHECK_FALSE(crewed.can_serve(0));
  release.set_value();
  while (ended < LoopCrew::kThreadsMax - 1) std::this_thread::yield();
  crewed.wait_until_served(0);
}

}  // namespace spreadable
