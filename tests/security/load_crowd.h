// tests/security/load_crowd.h: thousands of connections that take and do not give.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "tests/security/load_client.h"

namespace spreadable::sectest {

/// Idle connections, which asked once, and slow ones, which send one byte of a head or of a body
/// each second. They come from as few neighbourhoods as the limits of a node let them, and whoever
/// is cut comes back at once, as often as it takes. On a thread of its own until it is destroyed.
class Crowd {
 public:
  struct Options {
    std::uint16_t port = 0;
    std::size_t idle = 0;
    std::size_t slow = 0;
  };
  /// A reading. Lives are those of slow connections, from the first byte to the moment when the
  /// other side has let go of its end.
  struct Figures {
    std::size_t open = 0;
    std::size_t attempts = 0;
    std::size_t cut = 0;         ///< slow connections that were cut after a second or more
    double longest_seconds = 0;  ///< the longest life, of those that still live as well
  };

  explicit Crowd(const Options& options);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  [[nodiscard]] Figures figures() const;

 private:
  using Instant = std::chrono::steady_clock::time_point;
  enum class Kind { idle, slow_head, slow_body };
  struct Member {
    Kind kind = Kind::idle;
    Home home;
    int fd = -1;
    bool is_connected = false;
    Instant since{};
  };

  void work(const std::stop_token& stop);
  void open(std::size_t index);
  void connect_some(Instant now);
  void on_event(std::size_t index, std::uint32_t events);
  void drip_some();
  void lose(Member& member);
  void note_lives(Instant now);

  const std::uint16_t port_;
  const int epoll_;
  std::vector<Member> members_;
  std::deque<std::size_t> missing_;  ///< members without a connection, the next one first
  std::size_t next_drip_ = 0;

  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> attempts_{0};
  std::atomic<std::size_t> cut_{0};
  std::atomic<double> longest_cut_{0};
  std::atomic<double> longest_alive_{0};
  std::jthread thread_;  // last: it uses all the others
};

}  // namespace spreadable::sectest
