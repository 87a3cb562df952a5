// services/mux/detail/mux_group.h: requests of one caller on shared connections, and their answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "services/http/detail/loop_crew.h"

namespace spreadable::detail {

class MuxChannel;

/// Slots that the loop's thread fills and one caller waits for, a thread or a job of the loop.
/// Shared by both, since an answer may come when the caller has left. Thread-safe.
class MuxGroup {
 public:
  enum class State {
    unsent,
    under_way,  ///< in a frame, or waiting for the connection to be made
    answered,
    failed,  ///< for good, as `error` tells
  };
  /// Why a slot is the caller's again.
  enum class Left {
    broken,    ///< the connection ended first
    declined,  ///< the peer takes no frames
  };
  struct Slot {
    State state = State::unsent;
    std::string message;  ///< the answer
    Error error{};
    std::shared_ptr<MuxChannel> channel{};  ///< that the request was sent on
    std::uint32_t id = 0;                   ///< its number there
  };
  struct LeftSlot {
    std::size_t slot;
    Left reason;
  };

  explicit MuxGroup(std::size_t slots) : slots_(slots) {}

  void begin(std::size_t slot);
  /// Takes begin() back.
  void give_up(std::size_t slot);
  /// The request went out on `channel` as number `id`. False when the caller has left meanwhile.
  bool note_sent(std::size_t slot, std::shared_ptr<MuxChannel> channel, std::uint32_t id);
  void answer(std::size_t slot, std::string message);
  void fail(std::size_t slot, Error error);
  /// Nothing more happens to the slot here, unless the caller begins it again.
  void leave(std::size_t slot, Left reason);

  /// Until nothing is under way, a slot has been left, or `deadline` has passed.
  void wait(Deadline deadline, const Clock& clock);
  /// The same, whatever is left.
  void wait_for_all(Deadline deadline, const Clock& clock);
  /// What has been left since the last call.
  [[nodiscard]] std::vector<LeftSlot> take_left();
  /// What has come so far; later answers are not kept.
  [[nodiscard]] std::vector<Slot> take();

 private:
  void settle(std::size_t slot, Slot outcome, std::optional<Left> reason = {});
  void wait(Deadline deadline, const Clock& clock, bool is_for_left);
  void sleep_until(Deadline deadline);
  [[nodiscard]] bool is_over() const SPREADABLE_REQUIRES(mutex_);

  Mutex mutex_;
  Condition changed_;
  std::vector<Slot> slots_ SPREADABLE_GUARDED_BY(mutex_);  ///< empty: taken
  std::vector<LeftSlot> left_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t under_way_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_for_left_ SPREADABLE_GUARDED_BY(mutex_) = false;          ///< what the caller waits for
  LoopCrew::Sleep* sleep_ SPREADABLE_GUARDED_BY(mutex_) = nullptr;  ///< of the caller, until called
};

}  // namespace spreadable::detail
