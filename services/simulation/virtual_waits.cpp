#include "services/simulation/virtual_waits.h"

namespace spreadable {
namespace {

class VirtualWait final : public Wait {
 public:
  VirtualWait(VirtualTime& time, const VirtualClock& clock, MachineId machine)
      : waiter_(time, machine), clock_(clock) {}
  bool until(Deadline deadline) override {
    return waiter_.wait(clock_.true_time_of(deadline.at())) == VirtualTime::Wake::notified;
  }
  void end() override { waiter_.notify(); }

 private:
  VirtualTime::Waiter waiter_;
  const VirtualClock& clock_;
};

}  // namespace

std::shared_ptr<Wait> VirtualWaits::make() {
  return std::make_shared<VirtualWait>(time_, clock_, machine_);
}

}  // namespace spreadable
