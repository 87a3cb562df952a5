// services/simulation/virtual_scheduler.h: the Scheduler port in virtual time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/logger.h"
#include "core/scheduler.h"
#include "services/simulation/virtual_clock.h"
#include "services/simulation/virtual_time.h"

namespace spreadable {

/// Periodic tasks of one machine. Each run has a fiber, so it may block. Delays pass on the
/// machine's own clock. Lives as long as the simulation; tasks end before it. For one thread.
class VirtualScheduler final : public Scheduler, public EventSink {
 public:
  /// A shorter delay after a run counts as this one, since no time would ever pass otherwise.
  static constexpr Millis kDelayMin{1};

  VirtualScheduler(VirtualTime& time, MachineId machine, const VirtualClock& clock, Logger& logger)
      : time_(time), machine_(machine), clock_(clock), logger_(logger) {}

  [[nodiscard]] std::unique_ptr<Task> start(std::string name, Duration first_delay,
                                            std::function<Duration()> run) override;
  void on_event(std::uint64_t argument) override;

 private:
  class Entry;

  /// A place is used again under another generation, and each new due time is one.
  struct Place {
    Entry* entry = nullptr;
    std::uint32_t generation = 0;
  };

  VirtualTime& time_;
  const MachineId machine_;
  const VirtualClock& clock_;
  Logger& logger_;
  std::vector<Place> places_;
};

}  // namespace spreadable
