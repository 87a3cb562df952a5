#include "cli/process_limits.h"

#include <sys/resource.h>
#if defined(SPREADABLE_HAS_JEMALLOC)
#include <jemalloc/jemalloc.h>
#include <sys/mman.h>

#include <cstddef>
#include <string>
#endif

namespace spreadable::cli {
#if defined(SPREADABLE_HAS_JEMALLOC)
namespace {

constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;
// For ever: what goes back breaks large pages up, and comes again.
constexpr ssize_t kKeptMs = -1;

/// How the first arena takes memory from the system.
extent_hooks_t* usual_hooks = nullptr;

void* take_large_pages(extent_hooks_t* /*own*/, void* address, std::size_t size,
                       std::size_t alignment, bool* is_zero, bool* is_there, unsigned arena) {
  void* const memory =
      usual_hooks->alloc(usual_hooks, address, size, alignment, is_zero, is_there, arena);
  if (memory && size >= kLargePageBytes) static_cast<void>(::madvise(memory, size, MADV_HUGEPAGE));
  return memory;
}

}  // namespace
#endif

void raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

void use_large_pages() {
#if defined(SPREADABLE_HAS_JEMALLOC)
  std::size_t size = sizeof usual_hooks;
  if (::mallctl("arena.0.extent_hooks", &usual_hooks, &size, nullptr, 0) != 0) return;
  static extent_hooks_t hooks = *usual_hooks;
  hooks.alloc = take_large_pages;
  unsigned arenas = 0;
  size = sizeof arenas;
  if (::mallctl("opt.narenas", &arenas, &size, nullptr, 0) != 0) return;
  for (unsigned i = 0; i < arenas; ++i) {
    extent_hooks_t* own = &hooks;
    ssize_t kept_ms = kKeptMs;
    const std::string arena = "arena." + std::to_string(i);
    static_cast<void>(
        ::mallctl((arena + ".extent_hooks").c_str(), nullptr, nullptr, &own, sizeof own));
    static_cast<void>(
        ::mallctl((arena + ".dirty_decay_ms").c_str(), nullptr, nullptr, &kept_ms, sizeof kept_ms));
  }
#endif
}

}  // namespace spreadable::cli
