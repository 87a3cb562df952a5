// services/http/loop_waits.h: waits of handlers, and of other threads.
#pragma once

#include "core/waits.h"

namespace spreadable {

/// A handler that the server's loop runs leaves it to others while it waits, and costs no thread;
/// elsewhere the thread sleeps. Thread-safe.
class LoopWaits final : public Waits {
 public:
  /// `clock` outlives this object and all of its waits.
  explicit LoopWaits(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] std::shared_ptr<Wait> make() override;

 private:
  const Clock& clock_;
};

}  // namespace spreadable
