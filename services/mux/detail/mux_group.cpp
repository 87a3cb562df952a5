#include "services/mux/detail/mux_group.h"

#include <utility>

namespace spreadable::detail {

void MuxGroup::begin(std::size_t slot) {
  const MutexLock lock(mutex_);
  slots_[slot].state = State::under_way;
  ++under_way_;
}

void MuxGroup::give_up(std::size_t slot) {
  settle(slot, State::unsent, {});
}

void MuxGroup::answer(std::size_t slot, std::string message) {
  settle(slot, State::answered, std::move(message));
}

void MuxGroup::fail(std::size_t slot) {
  settle(slot, State::broken, {});
}

void MuxGroup::settle(std::size_t slot, State state, std::string message) {
  LoopCrew::Sleep* sleep = nullptr;
  {
    const MutexLock lock(mutex_);
    if (slots_.empty() || slots_[slot].state != State::under_way) return;
    slots_[slot] = {state, std::move(message)};
    if (--under_way_ > 0) return;
    sleep = std::exchange(sleep_, nullptr);
  }
  if (sleep) return sleep->call();
  all_settled_.notify_one();  // not under the mutex, which the caller takes first when it wakes
}

void MuxGroup::wait(Deadline deadline, const Clock& clock) {
  if (LoopCrew::Sleep::is_possible()) return sleep_until(deadline);
  const MutexLock lock(mutex_);
  while (under_way_ > 0) {
    const Duration remaining = deadline.remaining(clock);
    if (remaining == Duration::zero()) return;
    std::unique_lock native(mutex_.native(), std::adopt_lock);
    all_settled_.wait_for(native, remaining);
    native.release();  // `lock` goes on holding it
  }
}

void MuxGroup::sleep_until(Deadline deadline) {
  LoopCrew::Sleep sleep;
  {
    const MutexLock lock(mutex_);
    if (under_way_ == 0) return;
    sleep_ = &sleep;
  }
  if (sleep.until(deadline.at())) return;
  {
    const MutexLock lock(mutex_);
    if (std::exchange(sleep_, nullptr)) return;
  }
  sleep.until_called();  // somebody is about to
}

std::vector<MuxGroup::Slot> MuxGroup::take() {
  const MutexLock lock(mutex_);
  under_way_ = 0;
  return std::exchange(slots_, {});
}

}  // namespace spreadable::detail
