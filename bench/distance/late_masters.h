// bench/distance/late_masters.h: masters far away, and the slaves behind them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/support/latencies.h"
#include "bench/support/poller.h"
#include "bench/support/sockets.h"

namespace spreadable::bench {

/// Answers the butler stage of the actions of bench/support/actions.h as masters of large lists do,
/// each answer `delay` after its request: the round trip from the coordinator and the one to the
/// slaves. What they merge is made beforehand, so the answers cost them next to nothing. For one
/// thread.
class LateMasters {
 public:
  struct Options {
    std::size_t masters = 100;
    std::size_t list_length = 100;
    std::chrono::milliseconds delay{100};
  };

  explicit LateMasters(Options options);
  ~LateMasters();

  /// Of all masters.
  [[nodiscard]] const std::vector<std::uint16_t>& ports() const { return ports_; }
  /// Serves until the process ends.
  [[noreturn]] void run();

 private:
  struct Master;
  struct Connection;
  struct Late {
    SteadyClock::time_point due;
    std::shared_ptr<Connection> connection;  // shared, since it may end before its answer is due
    const std::string* reply;
  };

  void accept_all(Master& master);
  void serve(Connection& connection, bool is_writable);
  void take_request(Connection& connection, const HttpMessage& message);
  void send_due();
  void send(Connection& connection);

  const Options options_;
  std::vector<std::uint16_t> ports_;
  Poller poller_;
  std::vector<std::unique_ptr<Master>> masters_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>> connections_;
  std::deque<Late> late_;  ///< in the order of their times
};

}  // namespace spreadable::bench
