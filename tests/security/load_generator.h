// tests/security/load_generator.h: requests that come whether or not earlier ones were answered.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "tests/security/load_client.h"

namespace spreadable::sectest {

/// What became of the requests of a load.
struct Outcome {
  std::size_t offered = 0;
  std::size_t refused = 0;  ///< 503
  std::size_t failed = 0;   ///< any other answer, or none
  std::size_t partial = 0;  ///< of the accepted: answers for a part of the network
  Times accepted;           ///< 200, from the moment when the request was due
  double seconds = 0;

  [[nodiscard]] double goodput() const { return static_cast<double>(accepted.count()) / seconds; }
  void add(std::string_view response, double millis);
};

/// Offers `request` at a constant rate, on as many connections as that takes.
class Generator {
 public:
  struct Options {
    std::uint16_t port = 0;
    Home home;
    std::string request;
    double per_second = 0;
  };
  explicit Generator(Options options);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// A load that begins, and what comes of it in the long run.
  struct Phases {
    Outcome first;
    Outcome lasting;
  };
  /// Blocks for both spans, without a pause between them, and until the last answers have come.
  /// Called once.
  [[nodiscard]] Phases run(Millis first, Millis lasting);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Line {
    bool is_busy = false;
    Outcome* outcome = nullptr;  ///< where the request counts
    Instant due{};
    std::string input{};
  };

  void run_phase(Millis span, Outcome& outcome);
  void offer(Instant due, Outcome& outcome);
  void wait(Instant until);
  void on_input(int fd);
  [[nodiscard]] std::size_t busy() const;

  const Options options_;
  const int epoll_;
  std::map<int, Line> lines_;
};

}  // namespace spreadable::sectest
