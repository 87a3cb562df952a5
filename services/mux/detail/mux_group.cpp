#include "services/mux/detail/mux_group.h"

#include <utility>

#include "services/mux/detail/mux_channel.h"

namespace spreadable::detail {

void MuxGroup::begin(std::size_t slot) {
  const MutexLock lock(mutex_);
  slots_[slot].state = State::under_way;
  ++under_way_;
}

void MuxGroup::give_up(std::size_t slot) {
  settle(slot, {});
}

bool MuxGroup::note_sent(std::size_t slot, std::shared_ptr<MuxChannel> channel, std::uint32_t id) {
  const MutexLock lock(mutex_);
  if (slots_.empty()) return false;
  if (slots_[slot].state == State::under_way) {
    slots_[slot].channel = std::move(channel);
    slots_[slot].id = id;
  }
  return true;
}

void MuxGroup::answer(std::size_t slot, std::string message) {
  settle(slot, {.state = State::answered, .message = std::move(message)});
}

void MuxGroup::fail(std::size_t slot, Error error) {
  settle(slot, {.state = State::failed, .message = {}, .error = std::move(error)});
}

void MuxGroup::leave(std::size_t slot, Left reason) {
  settle(slot, {}, reason);
}

void MuxGroup::settle(std::size_t slot, Slot outcome, std::optional<Left> reason) {
  LoopCrew::Sleep* sleep = nullptr;
  {
    const MutexLock lock(mutex_);
    if (slots_.empty() || slots_[slot].state != State::under_way) return;
    std::swap(slots_[slot], outcome);  // a channel that ends with it does so outside of the mutex
    if (reason) left_.push_back({slot, *reason});
    --under_way_;
    if (!is_over()) return;
    sleep = std::exchange(sleep_, nullptr);
  }
  if (sleep) return sleep->call();
  changed_.notify_one();  // not under the mutex, which the caller takes first when it wakes
}

bool MuxGroup::is_over() const {
  return under_way_ == 0 || (is_for_left_ && !left_.empty());
}

void MuxGroup::wait(Deadline deadline, const Clock& clock) {
  wait(deadline, clock, /*is_for_left=*/true);
}

void MuxGroup::wait_for_all(Deadline deadline, const Clock& clock) {
  wait(deadline, clock, /*is_for_left=*/false);
}

void MuxGroup::wait(Deadline deadline, const Clock& clock, bool is_for_left) {
  {
    const MutexLock lock(mutex_);
    is_for_left_ = is_for_left;
  }
  if (LoopCrew::Sleep::is_possible()) return sleep_until(deadline);
  const MutexLock lock(mutex_);
  while (!is_over()) {
    const Duration remaining = deadline.remaining(clock);
    if (remaining == Duration::zero()) return;
    changed_.wait_for(mutex_, remaining);
  }
}

void MuxGroup::sleep_until(Deadline deadline) {
  LoopCrew::Sleep sleep;
  {
    const MutexLock lock(mutex_);
    if (is_over()) return;
    sleep_ = &sleep;
  }
  if (sleep.until(deadline.at())) return;
  {
    const MutexLock lock(mutex_);
    if (std::exchange(sleep_, nullptr)) return;
  }
  sleep.until_called();  // somebody is about to
}

std::vector<MuxGroup::LeftSlot> MuxGroup::take_left() {
  const MutexLock lock(mutex_);
  return std::exchange(left_, {});
}

std::vector<MuxGroup::Slot> MuxGroup::take() {
  const MutexLock lock(mutex_);
  under_way_ = 0;
  return std::exchange(slots_, {});
}

}  // namespace spreadable::detail
