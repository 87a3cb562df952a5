#include "services/fibers/fiber_pool.h"

#include <cxxabi.h>

#include <cstring>
#include <utility>

#include "core/assert.h"
#include "services/fibers/sanitizer_fibers.h"

namespace spreadable::detail {
namespace {

/// Hands stacks to Boost, which gives each back when its fiber's function has returned.
struct SlabAllocator {
  StackSlabs* slabs;
  boost::context::stack_context allocate() const { return slabs->take(); }
  void deallocate(boost::context::stack_context& stack) const { slabs->give_back(stack); }
};

/// The thread's own stack, as the sanitizers know it.
SanitizedStack& thread_stack() {
  static thread_local SanitizedStack stack;
  return stack;
}

}  // namespace

class FiberPool::Fiber {
 public:
  std::function<void()> work;
  boost::context::fiber context;
  ExceptionState exceptions{};
  SanitizedStack stack;
  bool is_busy = false;
};

FiberPool::FiberPool(std::size_t stack_bytes) : stacks_(stack_bytes) {}

FiberPool::~FiberPool() {
  SPREADABLE_ASSERT(busy() == 0 && !current_);
  is_closing_ = true;
  for (const auto& fiber : fibers_) {
    fiber->is_busy = true;
    resume(*fiber);
    fiber->stack.destroy();
  }
}

FiberPool::Fiber& FiberPool::prepare(std::function<void()> work) {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>());
    Fiber& made = *fibers_.back();
    const auto stack = stacks_.take();
    made.stack.create(static_cast<char*>(stack.sp) - stack.size, stack.size);
    made.context = boost::context::fiber(
        std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
        SlabAllocator{&stacks_},
        [this, &made](boost::context::fiber&& outside) { return run(made, std::move(outside)); });
    idle_.push_back(&made);
  }
  Fiber& fiber = *idle_.back();
  idle_.pop_back();
  fiber.work = std::move(work);
  fiber.is_busy = true;
  return fiber;
}

boost::context::fiber FiberPool::run(Fiber& fiber, boost::context::fiber&& outside) {
  outside_ = std::move(outside);
  fiber.stack.enter(thread_stack());
  while (!is_closing_) {
    fiber.work();
    fiber.work = nullptr;
    fiber.is_busy = false;
    suspend();
  }
  fiber.stack.leave(thread_stack(), /*is_last=*/true);
  return std::move(outside_);
}

void FiberPool::swap_exceptions(ExceptionState& state) {
  ExceptionState now;
  void* const globals = abi::__cxa_get_globals();
  std::memcpy(&now, globals, sizeof now);
  std::memcpy(globals, &state, sizeof state);
  state = now;
}

bool FiberPool::resume(Fiber& fiber) {
  SPREADABLE_ASSERT(!current_ && fiber.is_busy);
  current_ = &fiber;
  SanitizedStack& own = thread_stack();
  own.adopt();
  swap_exceptions(fiber.exceptions);
  own.leave(fiber.stack, /*is_last=*/false);
  fiber.context = std::move(fiber.context).resume();
  own.enter(fiber.stack);
  swap_exceptions(fiber.exceptions);
  current_ = nullptr;
  if (is_closing_ || fiber.is_busy) return false;
  idle_.push_back(&fiber);
  return true;
}

void FiberPool::suspend() {
  SPREADABLE_ASSERT(current_);
  Fiber& fiber = *current_;
  fiber.stack.leave(thread_stack(), /*is_last=*/false);
  outside_ = std::move(outside_).resume();
  fiber.stack.enter(thread_stack());
}

}  // namespace spreadable::detail
