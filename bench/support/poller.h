// bench/support/poller.h: epoll for the measuring programs.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <optional>
#include <span>

#include "bench/support/sockets.h"

namespace spreadable::bench {

/// Waits for sockets, each with a pointer to whom it belongs to. Level-triggered; closing a socket
/// ends its watch. Throws std::system_error when the system refuses.
class Poller {
 public:
  struct Ready {
    void* owner;
    bool is_writable;
  };

  Poller();

  /// Watches `socket` for input, and for room to write when `with_output`.
  void watch(const Descriptor& socket, void* owner, bool with_output = false);
  /// Changes what a watched socket is watched for.
  void change(const Descriptor& socket, void* owner, bool with_output);
  /// Blocks until a socket is ready or `timeout` has passed; none: for ever. What it returns is
  /// valid until the next call, and empty after the timeout.
  [[nodiscard]] std::span<const Ready> wait(
      std::optional<std::chrono::nanoseconds> timeout = std::nullopt);

 private:
  static constexpr std::size_t kEventsMax = 512;

  void control(int operation, const Descriptor& socket, void* owner, bool with_output);

  Descriptor epoll_;
  std::array<epoll_event, kEventsMax> events_{};
  std::array<Ready, kEventsMax> ready_{};
};

}  // namespace spreadable::bench
