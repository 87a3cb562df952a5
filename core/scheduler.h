// core/scheduler.h: periodic work.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"

namespace spreadable {

/// Runs tasks again and again. Threads in production, virtual time in simulation. Thread-safe.
class Scheduler {
 public:
  /// One scheduled task. Destroying it ends the task; a run under way is waited for, so the task
  /// must not be destroyed from inside its own run.
  class Task {
   public:
    virtual ~Task() = default;
    /// Brings the next run forward, to at most `within` from now. A run under way does not count:
    /// another follows it at most `within` after it has ended.
    virtual void wake(Duration within = Duration::zero()) = 0;
  };

  virtual ~Scheduler() = default;

  /// Runs `run` after `first_delay`, and then each time after the delay that it returned. A task
  /// never overlaps itself. `run` may block on the network; an exception out of it is logged and
  /// counts as a delay of a second. `name` stands in logs.
  [[nodiscard]] virtual std::unique_ptr<Task> start(std::string name, Duration first_delay,
                                                    std::function<Duration()> run) = 0;
};

}  // namespace spreadable
