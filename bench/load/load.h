// bench/load/load.h: the client that all systems speaking HTTP are measured with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/support/latencies.h"
#include "bench/support/poller.h"
#include "bench/support/sockets.h"

namespace spreadable::bench {

/// Sends a request over and over on a number of connections, on each one at a time: the next as
/// soon as the answer to the last has come. Requests are alike, but for numbers in their bodies.
/// For one thread.
class Load {
 public:
  static constexpr std::string_view kNumberMark = "%N";

  struct Options {
    std::uint16_t port = 0;
    std::string path = "/ping";
    std::string body{};    ///< given: POST, else GET; each kNumberMark in it becomes a number
    std::string expect{};  ///< what the body of a right answer contains
    std::size_t connections = 1;
    double seconds = 1;        ///< measured, after a fifth as much of warming up
    std::size_t requests = 0;  ///< given: as many on each connection, all measured, instead
    double patience_s = 10;    ///< longest silence on all connections
    /// The numbers in bodies begin here, and are one more with each request; given `numbers`, they
    /// are so many, in an order that leaves none out and seldom has two neighbours.
    std::size_t first_number = 0;
    std::size_t numbers = 0;
  };

  explicit Load(Options options);

  /// Blocks until it is done. What Latencies::summary gives, and `bad`, answers that are not a 200
  /// with what was expected, or did not come; `first_bad`, what one was instead; `bytes`, of all
  /// answers. A connection that the server breaks off is not opened again.
  [[nodiscard]] Json run();

 private:
  struct Link {
    Stream stream;
    SteadyClock::time_point sent{};
    std::size_t requests = 0;
  };

  [[nodiscard]] std::string next_request();
  void send(Link& link);
  void serve(Link& link);
  void judge(const HttpMessage& message);
  void note_bad(std::string what, std::size_t count = 1);
  void leave(Link& link);
  [[nodiscard]] bool is_done(const Link& link, SteadyClock::time_point now) const;

  const Options options_;
  const bool has_numbers_;
  const std::string request_;  ///< unless it has numbers
  std::size_t sent_ = 0;
  const SteadyClock::time_point begun_ = SteadyClock::now();
  Poller poller_;
  std::vector<Link> links_;
  std::size_t busy_ = 0;  ///< links that still send
  Latencies latencies_;
  std::size_t bad_ = 0;
  std::string first_bad_;
  std::size_t bytes_ = 0;
};

}  // namespace spreadable::bench
