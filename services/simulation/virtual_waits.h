// services/simulation/virtual_waits.h: waits in virtual time.
#pragma once

#include "core/waits.h"
#include "services/simulation/virtual_clock.h"
#include "services/simulation/virtual_time.h"

namespace spreadable {

/// Waits of the code of one machine. For one thread.
class VirtualWaits final : public Waits {
 public:
  /// `time` and `clock`, by which deadlines are meant, outlive this object and all of its waits.
  VirtualWaits(VirtualTime& time, const VirtualClock& clock, MachineId machine)
      : time_(time), clock_(clock), machine_(machine) {}
  [[nodiscard]] std::shared_ptr<Wait> make() override;

 private:
  VirtualTime& time_;
  const VirtualClock& clock_;
  const MachineId machine_;
};

}  // namespace spreadable
