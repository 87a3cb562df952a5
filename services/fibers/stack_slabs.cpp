#include "services/fibers/stack_slabs.h"

#include <sys/mman.h>

#include <new>

#include "core/assert.h"

namespace spreadable::detail {
namespace {

constexpr std::size_t kPageBytes = 4096;

char* bytes_of(void* memory) {
  return static_cast<char*>(memory);
}

}  // namespace

StackSlabs::~StackSlabs() {
  for (void* slab : slabs_) ::munmap(slab, kStacksPerSlab * stack_bytes_);
}

void StackSlabs::add_slab() {
  void* const slab = ::mmap(nullptr, kStacksPerSlab * stack_bytes_, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (slab == MAP_FAILED) throw std::bad_alloc();
  const bool is_guarded = (slabs_.size() + 1) * kStacksPerSlab <= kGuardedMax;
  slabs_.push_back(slab);
  for (std::size_t i = kStacksPerSlab; i > 0; --i) {
    char* const lowest = bytes_of(slab) + (i - 1) * stack_bytes_;
    if (is_guarded && ::mprotect(lowest, kPageBytes, PROT_NONE) != 0) throw std::bad_alloc();
    free_.push_back(lowest);
  }
}

boost::context::stack_context StackSlabs::take() {
  if (free_.empty()) add_slab();
  void* const lowest = free_.back();
  free_.pop_back();
  boost::context::stack_context stack;
  stack.size = stack_bytes_ - kPageBytes;
  stack.sp = bytes_of(lowest) + stack_bytes_;  // stacks grow down
  return stack;
}

void StackSlabs::give_back(const boost::context::stack_context& stack) {
  SPREADABLE_ASSERT(stack.sp != nullptr && stack.size == stack_bytes_ - kPageBytes);
  free_.push_back(bytes_of(stack.sp) - stack_bytes_);
}

}  // namespace spreadable::detail
