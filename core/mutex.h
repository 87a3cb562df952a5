// core/mutex.h: a mutex that clang's -Wthread-safety understands, and that costs nothing to speak
// of while nobody waits for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define SPREADABLE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SPREADABLE_THREAD_ATTRIBUTE(x)
#endif

/// The member is read and written only while the named mutex is held.
#define SPREADABLE_GUARDED_BY(mutex) SPREADABLE_THREAD_ATTRIBUTE(guarded_by(mutex))
/// The function is called with the named mutex held.
#define SPREADABLE_REQUIRES(...) SPREADABLE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))

// SPREADABLE_SYSTEM_MUTEX: a Mutex is one of the system, as it is for the thread sanitizer, which
// knows in which order those are taken. How large a Mutex is follows from it, so the build of the
// library defines it for itself and for whoever links it (core/CMakeLists.txt).

namespace spreadable {

/// As std::mutex, with annotations. Never held across a request, a hook, a callback or a disk
/// write. Taken and given back without a call while nobody else wants it, as most are: calls into a
/// library are what a processor guesses worst when many processes share it (docs/performance.md).
class SPREADABLE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

#if defined(SPREADABLE_SYSTEM_MUTEX)
  void lock() SPREADABLE_THREAD_ATTRIBUTE(acquire_capability()) {
    mutex_.lock();
  }
  void unlock() SPREADABLE_THREAD_ATTRIBUTE(release_capability()) {
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
#else
  void lock() SPREADABLE_THREAD_ATTRIBUTE(acquire_capability()) {
    int state = kFree;
    if (!state_.compare_exchange_strong(state, kHeld, std::memory_order_acquire)) [[unlikely]] {
      wait();
    }
  }
  void unlock() SPREADABLE_THREAD_ATTRIBUTE(release_capability()) {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) [[unlikely]]
      wake_one();
  }

 private:
  // The second mutex of "Futexes Are Tricky" (U. Drepper).
  static constexpr int kFree = 0;
  static constexpr int kHeld = 1;
  static constexpr int kAwaited = 2;  ///< held, and perhaps somebody waits

  void wait();
  void wake_one();

  std::atomic<int> state_{kFree};
#endif
};

/// What threads wait for that hold a Mutex: `while (!is_so) changed_.wait(mutex_);`. A wait may end
/// without a reason. Who notifies without holding the mutex sees to it that the condition lives
/// until that has returned.
using Condition = std::condition_variable_any;

/// Holds a Mutex for the length of a scope.
class SPREADABLE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SPREADABLE_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() SPREADABLE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace spreadable
