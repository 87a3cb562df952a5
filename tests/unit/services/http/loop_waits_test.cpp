#include "services/http/loop_waits.h"

#include <doctest/doctest.h>

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "services/http/detail/loop_crew.h"
#include "services/http/event_loop.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

/// Waits, and a loop whose jobs wait. Time stands still.
class Waiting {
 public:
  Waiting() {
    bool can = false;
    while (!can) {
      loop_.run([&] { can = loop_.crew().can_serve(0); });
      std::this_thread::yield();
    }
  }
  /// Jobs that the loop does one after the other, in one go.
  void serve(std::vector<std::function<void()>> jobs) {
    loop_.run([&] {
      for (auto& job : jobs) loop_.crew().serve(0, std::move(job));
    });
  }
  [[nodiscard]] std::shared_ptr<Wait> make() { return waits_.make(); }
  [[nodiscard]] Deadline in(Duration span) const { return Deadline::after(clock_, span); }

 private:
  ManualClock clock_;
  LoopWaits waits_{clock_};
  EventLoop loop_{clock_};
};

}  // namespace

TEST_CASE("loop waits: threads: sleep until the end, which may have come before") {
  Waiting waiting;
  const auto ended = waiting.make();
  ended->end();
  CHECK(ended->until(waiting.in(0s)));
  CHECK_FALSE(waiting.make()->until(waiting.in(0s)));
  const auto wait = waiting.make();
  const std::jthread other([&] { wait->end(); });
  CHECK(wait->until(waiting.in(1h)));
}

TEST_CASE("loop waits: jobs: leave the loop to the one that ends their wait") {
  Waiting waiting;
  const auto wait = waiting.make();
  std::promise<bool> ended;
  waiting.serve({[&] { ended.set_value(wait->until(waiting.in(1h))); }, [&] { wait->end(); }});
  CHECK(ended.get_future().get());
}

TEST_CASE("loop waits: jobs: are ended by other threads, by an end that has come, or by time") {
  Waiting waiting;
  const auto wait = waiting.make();
  std::promise<void> begun;
  std::promise<bool> ended;
  waiting.serve(
      {[&] { ended.set_value(wait->until(waiting.in(1h))); }, [&] { begun.set_value(); }});
  begun.get_future().get();
  wait->end();
  CHECK(ended.get_future().get());

  std::promise<bool> was_ended;
  waiting.serve({[&] {
    const auto over = waiting.make();
    over->end();
    was_ended.set_value(over->until(waiting.in(1h)));
  }});
  CHECK(was_ended.get_future().get());

  std::promise<bool> late;
  waiting.serve({[&] { late.set_value(waiting.make()->until(waiting.in(0s))); }});
  CHECK_FALSE(late.get_future().get());
}

}  // namespace spreadable
