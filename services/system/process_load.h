// services/system/process_load.h: how busy this process is.
#pragma once

#include "core/clock.h"
#include "core/mutex.h"

namespace spreadable {

/// Measures the share of the machine that this process uses. Thread-safe.
class ProcessLoad {
 public:
  /// `clock` must outlive the load.
  explicit ProcessLoad(const Clock& clock);

  /// What is left of the machine, 0 to 1: the mean of the free shares of memory and of processor
  /// time, the latter over at least the last second. Source: protocol section 5.2.
  [[nodiscard]] double availability();

 private:
  const Clock& clock_;
  Mutex mutex_;
  TimePoint measured_at_ SPREADABLE_GUARDED_BY(mutex_);
  double processor_seconds_ SPREADABLE_GUARDED_BY(mutex_);
  double processor_share_ SPREADABLE_GUARDED_BY(mutex_) = 0;
};

}  // namespace spreadable
