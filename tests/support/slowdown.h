// tests/support/slowdown.h: how much longer promises about time may take in an instrumented build.
#pragma once

namespace spreadable {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kSlowdown = 6;  ///< nine instrumented processes share two cores
#else
inline constexpr int kSlowdown = 1;  ///< what is promised is what is checked
#endif

}  // namespace spreadable
