// services/system/system_clock.h: the machine's clocks.
#pragma once

#include "core/clock.h"

namespace spreadable {

/// std::chrono's clocks. `wall_offset` shifts the date only, for tests of machines that disagree.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(Millis wall_offset = Millis::zero()) : wall_offset_(wall_offset) {}
  [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall_now() const override {
    return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()) + wall_offset_;
  }

 private:
  const Millis wall_offset_;
};

}  // namespace spreadable
