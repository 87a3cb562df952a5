// tests/support/fake_scheduler.h: a scheduler whose tasks run when the test says so.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/scheduler.h"
#include "tests/support/manual_clock.h"

namespace spreadable {

/// Runs tasks on the thread that calls run_due, run_for or run, in the order in which they are due;
/// of those due at the same time, the one started first goes first. For one thread; only Task::wake
/// may come from others. Must outlive its tasks.
///
/// An std::exception out of a task counts as a delay of a second; anything else, such as a failed
/// REQUIRE, passes through.
class FakeScheduler final : public Scheduler {
 public:
  /// Shorter delays count as this one, since no virtual time would ever pass otherwise.
  static constexpr Millis kDelayMin{1};

  explicit FakeScheduler(ManualClock& clock) : clock_(clock) {}
  ~FakeScheduler() override;

  [[nodiscard]] std::unique_ptr<Task> start(std::string name, Duration first_delay,
                                            std::function<Duration()> run) override;

  /// Runs what is due now, including what those runs wake, and returns how many runs it took.
  std::size_t run_due();
  /// Moves the clock on by `span`, stopping at each due time to run what is due.
  void run_for(Duration span);
  /// Runs the task `name` now, whether due or not. Requires: there is exactly one of that name.
  void run(std::string_view name);

  [[nodiscard]] std::vector<std::string> task_names() const;
  /// The delay until the task `name` is due, negative when overdue. Requires: as for run().
  [[nodiscard]] Duration delay_of(std::string_view name) const;

 private:
  class Entry;

  [[nodiscard]] Entry* earliest(TimePoint until) const;
  [[nodiscard]] Entry& find(std::string_view name) const;

  ManualClock& clock_;
  std::vector<Entry*> entries_;  ///< in the order of start(); each is owned by its holder
};

}  // namespace spreadable
