// bench/nats/gather.h: a question to many subscribers of a NATS server, and all their answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/nats/nats_link.h"
#include "bench/support/latencies.h"
#include "bench/support/poller.h"

namespace spreadable::bench {

/// Answers each question with 200 bytes, for ever; calls `on_subscribed` when it begins.
[[noreturn]] void answer_questions(std::uint16_t port, const std::function<void()>& on_subscribed);

/// Asks all subscribers over and over on a number of connections: the next question as soon as all
/// answers to the last have come. For one thread.
class Gather {
 public:
  struct Options {
    std::uint16_t port = 0;       ///< of the server
    std::size_t subscribers = 0;  ///< who answer
    std::size_t connections = 1;
    double seconds = 1;  ///< measured, after a fifth as much of warming up
  };

  explicit Gather(Options options);

  /// Blocks until it is done. What Latencies::summary gives. Throws std::runtime_error when an
  /// answer does not come.
  [[nodiscard]] Json run();

 private:
  struct Asker {
    std::unique_ptr<NatsLink> link;
    std::string inbox;
    std::size_t question = 0;  ///< number of the one under way
    std::size_t answers = 0;
    SteadyClock::time_point sent{};
  };

  void ask(Asker& asker);
  void serve(Asker& asker);

  const Options options_;
  const SteadyClock::time_point begun_ = SteadyClock::now();
  const SteadyClock::time_point end_;
  Poller poller_;
  std::vector<Asker> askers_;
  std::size_t busy_ = 0;
  Latencies latencies_;
};

}  // namespace spreadable::bench
