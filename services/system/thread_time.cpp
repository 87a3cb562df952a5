#include "services/system/thread_time.h"

#include <ctime>

#include "core/assert.h"

namespace spreadable {

Duration thread_time() {
  timespec used{};
  SPREADABLE_ASSERT(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace spreadable
