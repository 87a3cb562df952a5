#include "core/answer_memory.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "services/http/loop_waits.h"
#include "services/simulation/virtual_waits.h"
#include "services/system/system_clock.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;
using Stage = AnswerMemory::Stage;
using Hold = AnswerMemory::Hold;

constexpr std::uint64_t kMax = 100 * 1024;
constexpr std::uint64_t kSmall = kMax / AnswerMemory::kSmallShare;

/// A process in virtual time, whose traversals write down what becomes of them.
class Process {
 public:
  /// From `begin` on, one that needs `bytes` and ends `span` after it was let in.
  void traverse(std::string name, Duration begin, std::uint64_t bytes, Duration span,
                Stage stage = Stage::coordinator) {
    spawn([=, this] {
      time_.sleep(machine_, begin);
      const auto hold = memory_->take({stage, bytes, kMax}, Deadline::after(clock_, patience));
      if (!hold) {
        error = hold.error();
        return write(name + " fails");
      }
      write(name + " in");
      time_.sleep(machine_, span);
      write(name + " out");
    });
  }
  void spawn(std::function<void()> work) { time_.spawn(machine_, std::move(work)); }
  void sleep(Duration span) { time_.sleep(machine_, span); }
  void run_for(Duration span) { time_.run_until(time_.now() + span); }
  void halt() { time_.halt(machine_); }
  [[nodiscard]] Hold take(std::uint64_t bytes, Stage stage = Stage::coordinator) {
    return std::move(*memory_->take({stage, bytes, kMax}, Deadline::after(clock_, patience)));
  }
  [[nodiscard]] Hold take(const ExpectedMemory& expected) {
    const std::uint64_t bytes = expected.bytes(Stage::coordinator, kMax);
    return std::move(*memory_->take({Stage::coordinator, bytes, kMax, &expected},
                                    Deadline::after(clock_, patience)));
  }
  void write(const std::string& what) {
    text += what + "@" + std::to_string((time_.now() - VirtualTime::kStart) / 1s) + " ";
  }
  [[nodiscard]] AnswerMemory& memory() { return *memory_; }

  Duration patience = 1h;
  std::string text{};
  Error error{};

 private:
  VirtualTime time_;
  const MachineId machine_ = time_.add_machine();
  VirtualClock clock_{time_, 0s};
  const std::shared_ptr<AnswerMemory> memory_ =
      std::make_shared<AnswerMemory>(std::make_unique<VirtualWaits>(time_, clock_, machine_));
};

}  // namespace

TEST_CASE("answer memory: order: whoever comes first is let in first, as soon as there is room") {
  Process process;
  process.traverse("a", 0s, kMax / 2, 10s);
  process.traverse("b", 1s, kMax / 2, 10s);
  process.traverse("c", 2s, kMax / 4, 10s);  // would fit beside the first one
  process.traverse("d", 3s, kMax / 4, 10s);
  process.run_for(5s);
  CHECK(process.memory().waiting() == 3);
  CHECK(process.memory().held() == kMax / 2);
  process.run_for(1min);
  CHECK(process.text == "a in@0 a out@10 b in@10 c in@10 b out@20 d in@20 c out@20 d out@30 ");
  CHECK(process.memory().held() == 0);
  CHECK(process.memory().waiting() == 0);
}

TEST_CASE("answer memory: huge ones: are let in alone, however large") {
  Process process;
  process.traverse("a", 0s, kMax / 4, 10s);
  process.traverse("huge", 1s, 5 * kMax, 10s);
  process.traverse("b", 2s, kMax / 4, 10s);
  process.run_for(1min);
  CHECK(process.text == "a in@0 a out@10 huge in@10 huge out@20 b in@20 b out@30 ");
}

TEST_CASE("answer memory: small ones: are counted, and never wait") {
  Process process;
  process.traverse("a", 0s, 3 * kMax, 10s);
  process.traverse("b", 1s, kMax / 4, 10s);
  process.traverse("small", 2s, kSmall, 1s);
  process.run_for(2500ms);
  CHECK(process.memory().held() == 3 * kMax + kSmall);
  process.run_for(1min);
  CHECK(process.text == "a in@0 small in@2 small out@3 a out@10 b in@10 b out@20 ");
}

TEST_CASE("answer memory: small ones: what they hold keeps others waiting") {
  Process process;
  const Hold large = process.take(kMax / 4);
  std::optional<Hold> small(process.take(kSmall));
  process.traverse("a", 0s, kMax / 2, 1s);
  process.run_for(5s);
  CHECK(process.text.empty());
  process.spawn([&] { small.reset(); });
  process.run_for(5s);
  CHECK(process.text == "a in@5 a out@6 ");
}

TEST_CASE("answer memory: masters: do not wait for coordinators, and are let in before them") {
  Process process;
  process.traverse("a", 0s, 2 * kMax, 10s);
  process.traverse("b", 1s, kMax / 4, 10s);
  process.traverse("m1", 2s, kMax / 2, 2s, Stage::master);
  process.traverse("m2", 3s, kMax / 2, 8s, Stage::master);
  process.traverse("m3", 3s, kMax / 2, 8s, Stage::master);
  process.run_for(1min);
  CHECK(process.text ==
        "a in@0 m1 in@2 m1 out@4 m2 in@4 a out@10 m3 in@10 b in@10 m2 out@12 m3 out@18 b out@20 ");
}

TEST_CASE("answer memory: masters: a quarter is left to them") {
  Process process;
  const Hold first = process.take(kMax / 2);
  process.traverse("b", 0s, kMax / 4 + 1, 1s);
  process.traverse("m1", 0s, kMax / 4, 1s, Stage::master);
  process.traverse("m2", 0s, kMax / 4, 1s, Stage::master);
  process.run_for(5s);
  CHECK(process.text == "m1 in@0 m2 in@0 m1 out@1 m2 out@1 ");
  CHECK(process.memory().waiting() == 1);
  process.halt();
}

TEST_CASE("answer memory: growth: counts at once, and those that come later wait for it") {
  Process process;
  std::optional<Hold> hold(process.take(kSmall));
  CHECK_FALSE(hold->is_large());
  hold->resize(kMax);
  CHECK(hold->is_large());
  CHECK(process.memory().held() == kMax);
  process.traverse("a", 0s, kMax / 4, 1s);
  process.traverse("b", 0s, kMax / 4, 1s);
  process.run_for(5s);
  CHECK(process.text == "");
  process.spawn([&] { hold->resize(kMax / 4); });
  process.run_for(5s);
  CHECK(process.text == "a in@5 b in@5 a out@6 b out@6 ");
  hold.reset();
  CHECK(process.memory().held() == 0);
}

TEST_CASE("answer memory: deadlines: who waits for too long is told which option to raise") {
  Process process;
  process.patience = 5s;
  process.traverse("a", 0s, kMax / 2, 20s);
  process.traverse("b", 1s, kMax / 2, 1s);
  process.traverse("c", 2s, kMax / 4, 1s);
  process.run_for(1min);
  // Nobody stands in the way of the last one any more.
  CHECK(process.text == "a in@0 b fails@6 c in@6 c out@7 a out@20 ");
  CHECK(process.error.code == Errc::overloaded);
  CHECK(process.error.message.find("\"request.traversalMemory\"") != std::string::npos);
  CHECK(process.memory().held() == 0);
}

TEST_CASE("answer memory: waiting: whoever has waited needs what others have needed meanwhile") {
  Process process;
  ExpectedMemory expected;
  process.spawn([&] {
    const Hold hold = process.take(expected.bytes(Stage::coordinator, kMax));
    process.sleep(3s);
    expected.note(kMax / 4);
  });
  for (int i = 0; i < 4; ++i) {
    process.spawn([&] {
      const Hold hold = process.take(expected);
      process.write(std::to_string(hold.bytes() / (kMax / 4)) + "/4");
      process.sleep(2s);
    });
  }
  process.run_for(1s);
  CHECK(process.memory().waiting() == 4);
  process.run_for(1min);
  CHECK(process.text == "1/4@3 1/4@3 1/4@3 1/4@5 ");
  CHECK(process.memory().held() == 0);
}

TEST_CASE("answer memory: exceptions: give back what was held") {
  Process process;
  process.spawn([&] {
    try {
      const Hold hold = process.take(kMax);
      process.sleep(3s);
      throw std::runtime_error("a hook failed");
    } catch (const std::runtime_error&) {
      process.write("thrown");
    }
  });
  process.traverse("a", 1s, kMax, 1s);
  process.run_for(1min);
  CHECK(process.text == "thrown@3 a in@3 a out@4 ");
}

TEST_CASE("answer memory: crashes: end all waits") {
  Process process;
  const Hold hold = process.take(kMax);
  process.traverse("a", 1s, kMax, 10s);
  process.run_for(5s);
  CHECK(process.memory().waiting() == 1);
  process.halt();
  CHECK(process.memory().waiting() == 0);
  CHECK(process.memory().held() == kMax);
  CHECK(process.text == "a fails@5 ");
}

TEST_CASE("answer memory: threads: many at once never hold more than they may") {
  constexpr int kThreads = 8;
  constexpr int kTurns = 500;
  const SystemClock clock;
  const auto memory = std::make_shared<AnswerMemory>(std::make_unique<LoopWaits>(clock));
  std::atomic<std::uint64_t> most{0};
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        const std::uint64_t bytes = thread % 2 == 0 ? kMax / 4 : kSmall;
        for (int turn = 0; turn < kTurns; ++turn) {
          const auto hold = memory->take({Stage::coordinator, bytes, kMax},
                                         Deadline::after(clock, std::chrono::minutes{1}));
          if (!hold) ++failures;
          std::uint64_t seen = most;
          const std::uint64_t held = memory->held();
          while (seen < held && !most.compare_exchange_weak(seen, held)) {
          }
        }
      });
    }
  }
  CHECK(failures == 0);
  CHECK(most <= kMax * 3 / 4 + kThreads * kSmall);
  CHECK(memory->held() == 0);
  CHECK(memory->waiting() == 0);
}

TEST_CASE("answer memory: expectations: the most of the last ones, forgotten bit by bit") {
  ExpectedMemory expected;
  CHECK(expected.bytes(Stage::coordinator, kMax) == kMax / 2);
  CHECK(expected.bytes(Stage::master, kMax) == kMax / 16);
  expected.note(8'000);
  CHECK(expected.bytes(Stage::coordinator, kMax) == 8'000);
  CHECK(expected.bytes(Stage::master, kMax) == 8'000);
  expected.note(100);
  CHECK(expected.bytes(Stage::coordinator, kMax) == 7'000);
  expected.note(9'000);
  CHECK(expected.bytes(Stage::coordinator, kMax) == 9'000);
  for (int i = 0; i < 60; ++i) expected.note(100);
  CHECK(expected.bytes(Stage::coordinator, kMax) == 100);
  ExpectedMemory nothing;
  nothing.note(0);
  CHECK(nothing.bytes(Stage::coordinator, kMax) == 1);
}

}  // namespace spreadable
