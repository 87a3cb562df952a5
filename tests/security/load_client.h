// tests/security/load_client.h: a client that takes the time, from an address of its choice.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace spreadable::sectest {

inline constexpr std::string_view kPing = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";

/// One of the many addresses of loopback: 127.a.b.c.
struct Home {
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  std::uint8_t c = 1;
};

/// A non-blocking socket that connects to `port` of 127.0.0.1 from `home`; -1 when the machine has
/// no more.
[[nodiscard]] int connect_from(const Home& home, std::uint16_t port);

/// Durations of something done often, in milliseconds.
class Times {
 public:
  void add(double millis) { all_.push_back(millis); }
  void add(const Times& others) { all_.insert(all_.end(), others.all_.begin(), others.all_.end()); }
  [[nodiscard]] std::size_t count() const { return all_.size(); }
  /// The duration that this share of them does not exceed; 0 for none.
  [[nodiscard]] double quantile(double share) const;
  [[nodiscard]] double longest() const { return quantile(1); }

 private:
  std::vector<double> all_;
};

/// A connection, and how long its requests take. Blocking.
class TimedClient {
 public:
  static constexpr Millis kPatience{10'000};

  TimedClient(const Home& home, std::uint16_t port) : fd_(connect_from(home, port)) {}
  ~TimedClient();
  TimedClient(const TimedClient&) = delete;
  TimedClient& operator=(const TimedClient&) = delete;

  struct Answer {
    int status = 0;
    double millis = 0;
  };
  /// Nothing when the connection ends, or patience does.
  [[nodiscard]] std::optional<Answer> ask(std::string_view request = kPing);

 private:
  [[nodiscard]] bool wait_for(short events, std::chrono::steady_clock::time_point until) const;

  const int fd_;
  std::string input_;
};

/// Bytes of the first response in `input`, 0 while it is not complete.
[[nodiscard]] std::size_t response_bytes(std::string_view input);
/// Requires: a complete response.
[[nodiscard]] int status_of(std::string_view response);

/// The time since then, in milliseconds.
[[nodiscard]] double millis_since(std::chrono::steady_clock::time_point begin);

}  // namespace spreadable::sectest
