// services/http/detail/loop_crew.h: the threads that take turns at driving a loop.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "core/clock.h"
#include "core/mutex.h"
#include "services/fibers/fiber_pool.h"
#include "services/http/detail/file_descriptor.h"

namespace spreadable::detail {

/// One thread drives a loop, and between its events does jobs itself, on fibers: a job that waits
/// for others (Sleep) is left, and gone on with later. So a job costs no thread, and no switch from
/// one thread to another, which takes longer than most jobs do.
///
/// A second thread watches. When a job keeps the driver for kPatience or a little longer, because
/// it computes or waits for a disk, or when it says that it is about to block (leave_loop), the
/// watcher drives on. The first thread finishes what it has begun and then stands by. A slow job
/// costs others some milliseconds, and jobs of its kind are not taken for a while.
///
/// A job stays on the thread on which it has begun. Thread-safe where it says so.
class LoopCrew {
 public:
  /// A watcher looks so often, and takes the loop from a job that was there the last time. Longer
  /// than a thread on a busy machine usually waits for its turn.
  static constexpr Millis kPatience{8};
  /// Between looks that find no job, one after the other, it waits for twice as long each time, up
  /// to this: with a hundred processes on a machine their watchers would else take a tenth of it.
  static constexpr Millis kPatienceMax = 4 * kPatience;
  /// When a job computes for longer, from one wait to the next, and one of its kind took longer
  /// within the kLooks times before, or when it is taken the loop, others of the kind are refused
  /// for kPause.
  static constexpr Duration kQuick = std::chrono::milliseconds{1};
  static constexpr std::uint8_t kLooks = 4;
  static constexpr Duration kPause = std::chrono::milliseconds{200};
  static constexpr std::size_t kKinds = 64;
  /// Jobs that wait for their turn; further ones are better done by other threads.
  static constexpr std::size_t kWaitingMax = 64;
  /// Those who drive, watch, and finish what was slow. Without a watcher no jobs are taken.
  static constexpr std::size_t kThreadsMax = 8;
  /// Jobs are users' code; only what is touched takes memory.
  static constexpr std::size_t kStackBytes = std::size_t{1} << 20;

  struct Loop {
    /// Drives until it has to end, and then returns true; or until work_off() is false, and then
    /// returns false.
    std::function<bool()> drive;
    /// Makes the driver look about. Thread-safe.
    std::function<void()> wake;
    /// Does what jobs have put off until others are done. Called by the driver, outside of jobs, at
    /// the end of work_off() and whenever jobs have taken kQuick since the last time.
    std::function<void()> end_turn;
  };
  struct Member;
  struct Watch;

  /// Throws std::system_error when there is no timer.
  LoopCrew(const Clock& clock, Loop loop);
  /// Requires: start() has not succeeded, or join() has been called.
  ~LoopCrew();
  LoopCrew(const LoopCrew&) = delete;
  LoopCrew& operator=(const LoopCrew&) = delete;

  /// Lets a first thread drive. Throws std::system_error when it can't be had.
  void start();
  /// Waits for the threads to end. Requires: drive() returns true soon, and no job is unfinished.
  void join();

  /// Of a job: the same for all requests to `path`.
  [[nodiscard]] static std::size_t kind_of(std::string_view path) {
    return std::hash<std::string_view>{}(path) % kKinds;
  }

  // For the driver.

  /// Whether serve() may be called for a job of `kind` < kKinds.
  [[nodiscard]] bool can_serve(std::size_t kind);
  /// Does `job`, which must not throw, in the next work_off().
  void serve(std::size_t kind, std::function<void()> job);
  /// Does what there is to do. False when another thread drives meanwhile: nothing of the loop may
  /// be touched then.
  [[nodiscard]] bool work_off();
  /// When work_off() has something to do without being called.
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  // For all threads.

  /// Whether this thread drives now.
  [[nodiscard]] bool is_driver() const;
  /// Of a job: whether others are done after it before the driver looks about again.
  [[nodiscard]] bool has_more_jobs() const;
  /// Of a job that is about to block its thread: lets another one drive. Elsewhere does nothing.
  static void leave_loop();

  /// How a job waits without keeping its thread from others.
  class Sleep {
   public:
    /// Requires: is_possible().
    Sleep();
    /// Whether the caller is a job of a crew.
    [[nodiscard]] static bool is_possible();

    /// Until call(), which may have come already, or until `at`. False when it was not called.
    [[nodiscard]] bool until(TimePoint at);
    void until_called();
    /// Once, by any thread. The job may end the sleep's life as soon as it has been called.
    void call();

   private:
    friend class LoopCrew;
    using Alarms = std::multimap<TimePoint, Sleep*>;

    Member& member_;
    FiberPool::Fiber& fiber_;
    const std::size_t kind_;
    bool is_called_ = false;
    std::optional<Alarms::iterator> alarm_{};
  };

 private:
  struct Job {
    std::size_t kind;
    std::function<void()> run;
  };

  void live(Member& self);
  [[nodiscard]] bool stand_by(Member& self);
  void look(Watch& watch) SPREADABLE_REQUIRES(mutex_);
  void tell_all() SPREADABLE_REQUIRES(mutex_);
  void set_alarm(Duration delay) const;
  void rouse_watcher(TimePoint now);
  void finish(Member& self);
  [[nodiscard]] bool try_start_member() SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool go_on(Member& self);
  bool lend(Member& self, std::size_t kind, FiberPool::Fiber& fiber);
  void end_turn();
  void give_away(Member& self);
  void note_slow(std::size_t kind);

  const Clock& clock_;
  const Loop loop_;
  const FileDescriptor alarm_;  ///< a timer that wakes a watcher who sleeps

  // Of the driver.
  std::deque<Job> jobs_;
  std::array<TimePoint, kKinds> refused_until_{};
  /// How many times more jobs of a kind are watched since one took long. That may have been because
  /// others had the processor, so the time of its own is measured, which takes a system call. Not
  /// the next time alone: what a job does after a wait is often longer than what it does before.
  std::array<std::uint8_t, kKinds> looks_left_{};
  std::optional<TimePoint> turn_begun_at_{};  ///< by its first job
  bool is_alarm_set_ = false;                 ///< for a job of this turn
  TimePoint roused_at_{};                     ///< when a job last began while the watcher slept

  /// Odd while the driver does a job; whoever counts it on has the loop.
  std::atomic<std::uint64_t> lease_{0};
  std::atomic<std::size_t> leased_kind_{0};
  std::atomic<bool> has_watcher_{false};
  std::atomic<bool> is_watcher_asleep_{false};

  Mutex mutex_;
  Condition changed_;
  std::list<Member> members_ SPREADABLE_GUARDED_BY(mutex_);
  Member* watcher_ SPREADABLE_GUARDED_BY(mutex_) = nullptr;
  std::size_t reserves_ SPREADABLE_GUARDED_BY(mutex_) = 0;  ///< stand by, the watcher among them
  bool is_free_ SPREADABLE_GUARDED_BY(mutex_) = true;       ///< nobody drives
  bool is_over_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable::detail
