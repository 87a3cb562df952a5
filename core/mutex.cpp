#include "core/mutex.h"

namespace spreadable {

#if !defined(SPREADABLE_SYSTEM_MUTEX)

void Mutex::wait() {
  while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree) {
    state_.wait(kAwaited, std::memory_order_relaxed);
  }
}

void Mutex::wake_one() {
  state_.notify_one();
}

#endif

}  // namespace spreadable
