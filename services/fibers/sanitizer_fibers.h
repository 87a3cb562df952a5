// services/fibers/sanitizer_fibers.h: tells the sanitizers when the stack changes; they would take
// it for corruption otherwise. Without a sanitizer nothing is left of it.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define SPREADABLE_ASAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPREADABLE_ASAN_FIBERS 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define SPREADABLE_TSAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SPREADABLE_TSAN_FIBERS 1
#endif
#endif

#if defined(SPREADABLE_ASAN_FIBERS)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(SPREADABLE_TSAN_FIBERS)
#include <sanitizer/tsan_interface.h>
#endif

namespace spreadable::detail {

/// One stack as a sanitizer sees it. leave() is called on the old stack, enter() on the new one.
class SanitizedStack {
 public:
  /// Before the switch to `next`; `is_last` when this stack is never gone back to.
  void leave([[maybe_unused]] SanitizedStack& next, [[maybe_unused]] bool is_last) {
#if defined(SPREADABLE_ASAN_FIBERS)
    __sanitizer_start_switch_fiber(is_last ? nullptr : &fake_, next.bottom_, next.bytes_);
#endif
#if defined(SPREADABLE_TSAN_FIBERS)
    __tsan_switch_to_fiber(next.tsan_, 0);
#endif
  }
  /// After the switch from `last`.
  void enter([[maybe_unused]] SanitizedStack& last) {
#if defined(SPREADABLE_ASAN_FIBERS)
    __sanitizer_finish_switch_fiber(fake_, &last.bottom_, &last.bytes_);
#endif
  }
  /// This is the stack that the thread runs on now.
  void adopt() {
#if defined(SPREADABLE_TSAN_FIBERS)
    tsan_ = __tsan_get_current_fiber();
#endif
  }
  /// This stack is new and has those bytes.
  void create([[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t bytes) {
#if defined(SPREADABLE_ASAN_FIBERS)
    bottom_ = bottom;
    bytes_ = bytes;
#endif
#if defined(SPREADABLE_TSAN_FIBERS)
    tsan_ = __tsan_create_fiber(0);
#endif
  }
  /// It was made by create() and is over.
  void destroy() {
#if defined(SPREADABLE_TSAN_FIBERS)
    __tsan_destroy_fiber(tsan_);
#endif
  }

 private:
#if defined(SPREADABLE_ASAN_FIBERS)
  void* fake_ = nullptr;
  const void* bottom_ = nullptr;
  std::size_t bytes_ = 0;
#endif
#if defined(SPREADABLE_TSAN_FIBERS)
  void* tsan_ = nullptr;
#endif
};

}  // namespace spreadable::detail
