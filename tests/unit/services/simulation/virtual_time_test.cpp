#include "services/simulation/virtual_time.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace spreadable {
namespace {

using namespace std::chrono_literals;
using Wake = VirtualTime::Wake;

/// Writes down which events came.
class Recorder final : public EventSink {
 public:
  explicit Recorder(const VirtualTime& time) : time_(time) {}
  void on_event(std::uint64_t argument) override {
    text += std::to_string(argument) + "@" +
            std::to_string((time_.now() - VirtualTime::kStart) / 1ms) + " ";
  }
  std::string text{};

 private:
  const VirtualTime& time_;
};

}  // namespace

TEST_CASE("simulation: time: events come in the order of their time, then of their scheduling") {
  VirtualTime time;
  Recorder recorder(time);
  const MachineId machine = time.add_machine();
  time.schedule(VirtualTime::kStart + 20ms, machine, recorder, 1);
  time.schedule(VirtualTime::kStart + 10ms, machine, recorder, 2);
  time.schedule(VirtualTime::kStart + 20ms, machine, recorder, 3);
  time.schedule(VirtualTime::kStart - 1ms, machine, recorder, 4);
  time.run_until(VirtualTime::kStart + 15ms);
  CHECK(recorder.text == "4@0 2@10 ");
  CHECK(time.now() == VirtualTime::kStart + 15ms);
  time.run_until(VirtualTime::kStart + 1s);
  CHECK(recorder.text == "4@0 2@10 1@20 3@20 ");
}

TEST_CASE("simulation: time: code on fibers sleeps side by side, without taking real time") {
  VirtualTime time;
  const MachineId machine = time.add_machine();
  std::string text;
  for (int i = 1; i <= 3; ++i) {
    time.spawn(machine, [&, i] {
      text += "begin" + std::to_string(i) + " ";
      time.sleep(machine, i * 1h);
      text += "end" + std::to_string(i) + " ";
    });
  }
  time.run_until(VirtualTime::kStart + 150min);
  CHECK(text == "begin1 begin2 begin3 end1 end2 ");
  time.run_until(VirtualTime::kStart + 3h);
  CHECK(text == "begin1 begin2 begin3 end1 end2 end3 ");
}

TEST_CASE("simulation: time: code outside of fibers may wait as well, and the world goes on") {
  VirtualTime time;
  const MachineId machine = time.add_machine();
  VirtualTime::Waiter waiter(time, machine);
  time.spawn(machine, [&] {
    time.sleep(machine, 5s);
    waiter.notify();
  });
  CHECK(waiter.wait(VirtualTime::kStart + 1min) == Wake::notified);
  CHECK(time.now() == VirtualTime::kStart + 5s);
}

TEST_CASE("simulation: time: a wait ends at its time when nobody ends it, and can be begun again") {
  VirtualTime time;
  const MachineId machine = time.add_machine();
  VirtualTime::Waiter waiter(time, machine);
  CHECK(waiter.wait(VirtualTime::kStart + 2s) == Wake::timed_out);
  CHECK(time.now() == VirtualTime::kStart + 2s);
  CHECK(waiter.wait(VirtualTime::kStart) == Wake::timed_out);
  waiter.notify();
  CHECK(waiter.wait(VirtualTime::kStart + 1h) == Wake::notified);
  CHECK(time.now() == VirtualTime::kStart + 2s);
}

TEST_CASE("simulation: time: what happens on a frozen machine happens when it is thawed") {
  VirtualTime time;
  Recorder recorder(time);
  const MachineId frozen = time.add_machine();
  const MachineId other = time.add_machine();
  time.schedule(VirtualTime::kStart + 1ms, frozen, recorder, 1);
  time.schedule(VirtualTime::kStart + 2ms, frozen, recorder, 2);
  time.schedule(VirtualTime::kStart + 3ms, other, recorder, 3);
  time.freeze(frozen);
  time.run_until(VirtualTime::kStart + 50ms);
  CHECK(recorder.text == "3@3 ");
  time.thaw(frozen);
  time.run_until(VirtualTime::kStart + 60ms);
  CHECK(recorder.text == "3@3 1@50 2@50 ");
}

TEST_CASE("simulation: time: halting a machine ends all its waits, and those of no other") {
  VirtualTime time;
  const MachineId halted = time.add_machine();
  const MachineId other = time.add_machine();
  std::string text;
  for (const MachineId machine : {halted, other}) {
    time.spawn(machine, [&, machine] {
      VirtualTime::Waiter waiter(time, machine);
      for (int i = 0; i < 2; ++i) {
        const bool is_cancelled = waiter.wait(time.now() + 1h) == Wake::cancelled;
        text += (machine == halted ? "halted:" : "other:") + std::to_string(is_cancelled) + " ";
      }
    });
  }
  time.run_until(VirtualTime::kStart + 1s);
  time.halt(halted);
  CHECK(text == "halted:1 halted:1 ");
  CHECK(time.now() == VirtualTime::kStart + 1s);
  time.run_until(VirtualTime::kStart + 3h);
  CHECK(text == "halted:1 halted:1 other:0 other:0 ");
}

TEST_CASE("simulation: time: each fiber has exceptions of its own") {
  VirtualTime time;
  const MachineId machine = time.add_machine();
  std::string text;
  for (int i = 1; i <= 2; ++i) {
    time.spawn(machine, [&, i] {
      try {
        throw std::runtime_error("error " + std::to_string(i));
      } catch (const std::exception&) {
        time.sleep(machine, i * 1s);  // the other one throws and catches meanwhile
        try {
          throw;
        } catch (const std::exception& again) {
          text += std::string(again.what()) + " ";
        }
      }
    });
  }
  time.run_until(VirtualTime::kStart + 1min);
  CHECK(text == "error 1 error 2 ");
}

TEST_CASE("simulation: time: two thousand fibers can wait at once") {
  VirtualTime time;
  const MachineId machine = time.add_machine();
  int ended = 0;
  for (int i = 0; i < 2'000; ++i) {
    time.spawn(machine, [&] {
      time.sleep(machine, 1s);
      ++ended;
    });
  }
  time.run_until(VirtualTime::kStart + 999ms);
  CHECK(ended == 0);
  time.run_until(VirtualTime::kStart + 1s);
  CHECK(ended == 2'000);
}

TEST_CASE("simulation: time: the digest tells what was noted, when, and in which order") {
  const auto digest = [](Duration pause, std::uint64_t first, std::uint64_t second) {
    VirtualTime time;
    time.note(first);
    time.run_until(VirtualTime::kStart + pause);
    time.note(second);
    return time.digest();
  };
  CHECK(digest(1s, 1, 2) == digest(1s, 1, 2));
  CHECK(digest(1s, 1, 2) != digest(1s, 2, 1));
  CHECK(digest(1s, 1, 2) != digest(2s, 1, 2));
}

}  // namespace spreadable
