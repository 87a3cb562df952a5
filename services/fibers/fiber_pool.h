// services/fibers/fiber_pool.h: functions that can be left in the middle and gone on
// with later, all on one thread.
#pragma once

#include <boost/context/fiber.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "services/fibers/stack_slabs.h"

namespace spreadable::detail {

/// Runs work on fibers and keeps them for the next piece of work, as a pool of threads would. One
/// runs at a time: the thread is either in one of them or outside of all. For one thread.
class FiberPool {
 public:
  /// One fiber with the work it was given.
  class Fiber;

  /// `stack_bytes` for each fiber, as StackSlabs takes them.
  explicit FiberPool(std::size_t stack_bytes = StackSlabs::kStackBytes);
  /// Requires: no work is unfinished.
  ~FiberPool();
  FiberPool(const FiberPool&) = delete;
  FiberPool& operator=(const FiberPool&) = delete;

  /// A fiber that will do `work`, which must not throw, once it is resumed.
  [[nodiscard]] Fiber& prepare(std::function<void()> work);
  /// Goes on with `fiber` until it suspends itself or its work is done; then it is gone, and true
  /// is returned. Requires: not called from inside a fiber.
  bool resume(Fiber& fiber);
  /// Leaves the fiber that is running, until somebody resumes it. Requires: current() is one.
  void suspend();
  /// The fiber that is running, or nullptr.
  [[nodiscard]] Fiber* current() const { return current_; }

  /// Fibers with unfinished work.
  [[nodiscard]] std::size_t busy() const { return fibers_.size() - idle_.size(); }

 private:
  /// What the C++ runtime knows about exceptions under way; it is kept per thread, so each fiber
  /// needs its own. Source: Itanium C++ ABI, exception handling, section 2.2.2.
  struct ExceptionState {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  static void swap_exceptions(ExceptionState& state);
  [[nodiscard]] boost::context::fiber run(Fiber& fiber, boost::context::fiber&& outside);

  StackSlabs stacks_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  Fiber* current_ = nullptr;
  boost::context::fiber outside_;  ///< whoever has resumed the running fiber
  bool is_closing_ = false;
};

}  // namespace spreadable::detail
