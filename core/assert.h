// core/assert.h: checks of our own mistakes, on in every build.
#pragma once

namespace spreadable::detail {
/// Prints the failed condition with its place to standard error and ends the process.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;
}  // namespace spreadable::detail

/// Ends the process when `condition` is false. For arguments, invariants and what cannot happen;
/// never for anything that a peer, a client, a file or a clock handed us.
#define SPREADABLE_ASSERT(condition) \
  (static_cast<bool>(condition)      \
       ? static_cast<void>(0)        \
       : ::spreadable::detail::assertion_failed(#condition, __FILE__, __LINE__))
