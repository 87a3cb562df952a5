// core/waits.h: how a call waits for another call of its process.
#pragma once

#include <memory>

#include "core/clock.h"

namespace spreadable {

/// One wait of one call.
class Wait {
 public:
  virtual ~Wait() = default;
  /// Blocks until end(), which may have come before, or until `deadline`. Whether it was ended; no
  /// also when the node has been stopped meanwhile. Once, by whoever has made the wait.
  [[nodiscard]] virtual bool until(Deadline deadline) = 0;
  /// Once, by anybody. Thread-safe.
  virtual void end() = 0;
};

/// Makes waits. Handlers on the server's loop leave it to others meanwhile, threads sleep, and in a
/// simulation it is virtual time that passes. Thread-safe.
class Waits {
 public:
  virtual ~Waits() = default;
  /// For the calling thread or fiber, which destroys its part once until() has returned. Shared,
  /// since somebody else may be about to end a wait whose deadline has just passed.
  [[nodiscard]] virtual std::shared_ptr<Wait> make() = 0;
};

}  // namespace spreadable
