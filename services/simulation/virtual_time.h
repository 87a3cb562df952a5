// services/simulation/virtual_time.h: what happens in a simulation, in which order, and when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/clock.h"

namespace spreadable {

/// A machine of the simulation, on which one node runs at a time.
using MachineId = std::uint32_t;
/// Events and work of nobody: they can be neither frozen nor halted.
inline constexpr MachineId kNoMachine = 0;

/// Somebody to whom events happen. Outlives all events that name it.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// The event that was scheduled with `argument` is due. Quick: what can block is spawned.
  virtual void on_event(std::uint64_t argument) = 0;
};

/// The one queue of events of a simulation, its time, and the fibers on which blocking code runs.
///
/// Time stands still while code runs and jumps to the next event when all code waits. One piece of
/// code runs at a time, on one thread, so nothing that happens depends on chance outside of the
/// seed: events of the same moment happen in the order in which they were scheduled. Code that
/// waits parks its fiber; code outside of all fibers, a test for instance, may wait as well: the
/// simulation runs on below it until the wait is over.
///
/// Each event, fiber and wait belongs to a machine. A frozen machine (a stopped process, a laptop
/// that sleeps) gets its events when it is thawed. On a halted one every wait ends at once, so that
/// code under way runs to its end, without any effect that others could see, and can be destroyed.
/// For one thread.
class VirtualTime {
 public:
  /// Where time begins: far enough from the clock's own zero that ages can be subtracted from it.
  static constexpr TimePoint kStart{std::chrono::hours{24}};

  /// How a wait ended.
  enum class Wake { notified, timed_out, cancelled };

  /// One wait for something, made on the stack of whoever waits. Belongs to a machine.
  class Waiter {
   public:
    Waiter(VirtualTime& time, MachineId machine);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Blocks until notify(), until `until`, or until the machine halts. Returns at once when one
    /// of these has happened already.
    Wake wait(TimePoint until);
    /// Blocks until notify(), whatever happens to the machine: for the end of other work on it,
    /// which comes the sooner when the machine halts.
    void join();
    /// Ends the wait; remembered when nobody waits yet.
    void notify() { end(Wake::notified); }

   private:
    friend class VirtualTime;
    void end(Wake how);

    VirtualTime& time_;
    const MachineId machine_;
    std::uint32_t timer_ = 0;  ///< place in the table of timers
    void* fiber_ = nullptr;    ///< parked here
    bool is_over_ = false;
    Wake how_ = Wake::notified;
  };

  VirtualTime();
  /// Requires: no work is unfinished; see halt().
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  [[nodiscard]] TimePoint now() const { return now_; }

  /// A new machine; the first is number 1.
  [[nodiscard]] MachineId add_machine();

  /// Tells `sink` at `at`, or now when that has passed. There is no taking back: sinks ignore what
  /// has become pointless.
  void schedule(TimePoint at, MachineId machine, EventSink& sink, std::uint64_t argument);
  /// Runs `work`, which must not throw, on a fiber, after what is ready to run already.
  void spawn(MachineId machine, std::function<void()> work);
  /// Blocks the caller for `span`, or until the machine halts.
  void sleep(MachineId machine, Duration span);

  /// Lets everything up to `end` happen; now() is `end` then. Requires: not called from a fiber.
  void run_until(TimePoint end);
  /// Lets all that is ready run, without letting time pass. Requires: not called from a fiber.
  void run_ready();

  void freeze(MachineId machine);
  /// What happened to the machine meanwhile happens now, in order.
  void thaw(MachineId machine);
  /// Ends all waits on the machine and those to come, and lets its work run to its end. Requires:
  /// not called from a fiber.
  void halt(MachineId machine);
  /// Ends all waits that are under way on the machine.
  void cancel_waits(MachineId machine);
  /// The machine works again. Requires: halted.
  void revive(MachineId machine);
  [[nodiscard]] bool is_frozen(MachineId machine) const { return machines_[machine].is_frozen; }
  [[nodiscard]] bool is_halted(MachineId machine) const { return machines_[machine].is_halted; }

  /// Called after each piece of work, with the machine that it belongs to; for invariants.
  void observe(std::function<void(MachineId)> observer) { observer_ = std::move(observer); }

  /// Adds something that has happened to the digest.
  void note(std::uint64_t what);
  /// A running hash over all that was noted, each with its time. Equal for equal runs.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] std::uint64_t events() const { return event_count_; }  ///< so far

 private:
  struct Event {
    TimePoint at;
    std::uint64_t sequence;
    EventSink* sink;
    std::uint64_t argument;
    MachineId machine;
  };
  struct Machine {
    bool is_frozen = false;
    bool is_halted = false;
    std::uint32_t fibers = 0;        ///< with unfinished work
    std::vector<Waiter*> waiters{};  ///< waiting now
    std::vector<Event> held{};       ///< while frozen
  };
  /// Wakes waiters whose time is up. A place is used again under another generation.
  struct Timers final : EventSink {
    struct Place {
      Waiter* waiter = nullptr;
      std::uint32_t generation = 0;
    };
    void on_event(std::uint64_t argument) override;
    std::vector<Place> places;
    std::vector<std::uint32_t> free;
  };
  struct Fibers;
  struct Queue;

  bool step(TimePoint end);
  void push(Event event);
  void set_timer(Waiter& waiter, TimePoint until);
  void clear_timer(Waiter& waiter);
  void park(Waiter& waiter);

  TimePoint now_ = kStart;
  std::uint64_t last_sequence_ = 0;
  const std::unique_ptr<Queue> queue_;  ///< events to come
  std::vector<Machine> machines_;
  std::deque<std::pair<void*, MachineId>> ready_;  ///< fibers, in the order of their turns
  Timers timers_;
  std::unique_ptr<Fibers> fibers_;
  std::function<void(MachineId)> observer_;
  std::uint64_t digest_ = 0;
  std::uint64_t event_count_ = 0;
};

}  // namespace spreadable
