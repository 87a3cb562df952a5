// services/system/stop_signals.h: SIGINT and SIGTERM as something to wait for.
#pragma once

#include <csignal>

#include "core/clock.h"

namespace spreadable {

/// While it lives, SIGINT, SIGTERM and SIGQUIT do not end the process but the wait of whoever asks
/// here. Make it before any thread is started (threads inherit the blocked signals), so before a
/// Runtime.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Blocks until one of the signals comes; returns its number.
  int wait();
  /// As wait, for at most `span`; 0 when none came.
  int wait_for(Duration span);

 private:
  sigset_t signals_;
  sigset_t before_;
};

}  // namespace spreadable
