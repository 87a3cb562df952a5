// services/net/detail/poller.h: waiting for sockets, and being woken by other threads.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "core/clock.h"

namespace spreadable::detail {

/// A file descriptor that is closed at the end of the scope.
class OwnedFd {
 public:
  /// Takes over `fd`. Throws std::system_error naming `what` when it is negative, from errno.
  OwnedFd(int fd, const char* what);
  ~OwnedFd();
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;

  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

/// An epoll set with an eventfd in it. wake() may be called from any thread, the rest from one.
class Poller {
 public:
  Poller();

  /// Watches `fd` for `events`, instead of those before when `is_known`.
  void watch(int fd, std::uint32_t events, bool is_known);
  void forget(int fd);
  /// Waits for `timeout` at most, rounded up to milliseconds; negative means without end. Returns
  /// what happened, valid until the next call. Being woken is no event, it only ends the wait.
  [[nodiscard]] std::span<const epoll_event> wait(Duration timeout);
  void wake();

 private:
  static constexpr std::size_t kEventsMax = 256;  ///< taken per call; the rest come with the next

  OwnedFd epoll_;
  OwnedFd wake_;
  std::array<epoll_event, kEventsMax> events_{};
};

}  // namespace spreadable::detail
