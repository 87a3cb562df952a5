#include "services/system/stop_signals.h"

#include <cerrno>
#include <ctime>

namespace spreadable {

StopSignals::StopSignals() {
  ::sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT}) ::sigaddset(&signals_, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

StopSignals::~StopSignals() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::wait() {
  int signal = 0;
  while (::sigwait(&signals_, &signal) != 0) {
  }
  return signal;
}

int StopSignals::wait_for(Duration span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span);
  const timespec limit{.tv_sec = static_cast<time_t>(seconds.count()),
                       .tv_nsec = static_cast<long>((span - seconds).count())};
  const int signal = ::sigtimedwait(&signals_, nullptr, &limit);
  return signal > 0 ? signal : 0;
}

}  // namespace spreadable
