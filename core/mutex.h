// core/mutex.h: a mutex that clang's -Wthread-safety understands. std::mutex of libstdc++ carries
// no attributes, so guarded members would go unchecked.
#pragma once

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

namespace spreadable {

/// A std::mutex with annotations. Never held across a request, a hook, a callback or a disk write.
class SPREADABLE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() SPREADABLE_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() SPREADABLE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

  /// The mutex inside, for std::condition_variable.
  std::mutex& native() { return mutex_; }

 private:
  std::mutex mutex_;
};

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
