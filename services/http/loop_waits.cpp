#include "services/http/loop_waits.h"

#include <utility>

#include "core/mutex.h"
#include "services/http/detail/loop_crew.h"

namespace spreadable {
namespace {

using detail::LoopCrew;

class LoopWait final : public Wait {
 public:
  explicit LoopWait(const Clock& clock) : clock_(clock) {}

  bool until(Deadline deadline) override {
    return LoopCrew::Sleep::is_possible() ? sleep_until(deadline) : block_until(deadline);
  }

  void end() override {
    LoopCrew::Sleep* sleep = nullptr;
    {
      const MutexLock lock(mutex_);
      is_ended_ = true;
      sleep = std::exchange(sleep_, nullptr);
    }
    if (sleep) return sleep->call();
    ended_.notify_one();
  }

 private:
  /// Of a job of the loop.
  bool sleep_until(Deadline deadline) {
    LoopCrew::Sleep sleep;
    {
      const MutexLock lock(mutex_);
      if (is_ended_) return true;
      sleep_ = &sleep;
    }
    if (sleep.until(deadline.at())) return true;
    {
      const MutexLock lock(mutex_);
      if (std::exchange(sleep_, nullptr)) return false;
    }
    sleep.until_called();  // somebody is about to
    return true;
  }

  bool block_until(Deadline deadline) {
    const MutexLock lock(mutex_);
    while (!is_ended_) {
      const Duration remaining = deadline.remaining(clock_);
      if (remaining == Duration::zero()) return false;
      ended_.wait_for(mutex_, remaining);
    }
    return true;
  }

  const Clock& clock_;
  Mutex mutex_;
  Condition ended_;
  bool is_ended_ SPREADABLE_GUARDED_BY(mutex_) = false;
  LoopCrew::Sleep* sleep_ SPREADABLE_GUARDED_BY(mutex_) = nullptr;  ///< of the job, until called
};

}  // namespace

std::shared_ptr<Wait> LoopWaits::make() {
  return std::make_shared<LoopWait>(clock_);
}

}  // namespace spreadable
