// tests/support/slowdown.h: how much longer promises about time may take in an instrumented build.
#pragma once

// GCC tells by macros what clang tells by features.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SPREADABLE_IS_INSTRUMENTED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SPREADABLE_IS_INSTRUMENTED
#endif

namespace spreadable {

#if defined(SPREADABLE_IS_INSTRUMENTED)
inline constexpr int kSlowdown = 6;  ///< nine instrumented processes share two cores
#else
inline constexpr int kSlowdown = 1;  ///< what is promised is what is checked
#endif

}  // namespace spreadable
