// services/mux/detail/mux_group.h: requests of one caller on shared connections, and their answers.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "services/http/detail/loop_crew.h"

namespace spreadable::detail {

/// Slots that the loop's thread fills and one caller waits for, a thread or a job of the loop.
/// Shared by both, since an answer may come when the caller has left. Thread-safe.
class MuxGroup {
 public:
  enum class State {
    unsent,
    under_way,
    answered,
    broken,  ///< the connection ended first
  };
  struct Slot {
    State state = State::unsent;
    std::string message;  ///< the answer
  };

  explicit MuxGroup(std::size_t slots) : slots_(slots) {}

  void begin(std::size_t slot);
  /// Takes begin() back.
  void give_up(std::size_t slot);
  void answer(std::size_t slot, std::string message);
  void fail(std::size_t slot);

  /// Until nothing is under way, or `deadline` has passed.
  void wait(Deadline deadline, const Clock& clock);
  /// What has come so far; later answers are not kept.
  [[nodiscard]] std::vector<Slot> take();

 private:
  void settle(std::size_t slot, State state, std::string message);
  void sleep_until(Deadline deadline);

  Mutex mutex_;
  std::condition_variable all_settled_;
  std::vector<Slot> slots_ SPREADABLE_GUARDED_BY(mutex_);  ///< empty: taken
  std::size_t under_way_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  LoopCrew::Sleep* sleep_ SPREADABLE_GUARDED_BY(mutex_) = nullptr;  ///< of the caller, until called
};

}  // namespace spreadable::detail
