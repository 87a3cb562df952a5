// services/mux/detail/mux_dialer.h: from an address to a connection that carries frames.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/address.h"
#include "core/ip.h"
#include "core/result.h"
#include "services/http/detail/byte_stream.h"
#include "services/http/event_loop.h"

namespace spreadable::detail {

/// Connects to a peer, of ours or not, and asks it to go on with frames. It does so with a ping,
/// which others answer as such: that costs them little, needs no credentials and counts against
/// nobody (protocol section 1.3). Of the loop's thread.
class MuxDialer final : public EventLoop::Source {
 public:
  struct Outcome {
    std::unique_ptr<ByteStream> stream{};  ///< agreed; the loop watches it already
    std::optional<Error> failure{};        ///< no connection
    // Neither of them: the peer declines, or says nothing.
  };
  /// Called once on the loop's thread. The dialer is gone afterwards.
  using Done = std::function<void(Outcome outcome)>;

  struct Target {
    Address peer;
    IpAddress ip;  ///< where its host was found
  };
  struct Limits {
    Millis connect_timeout;
    Millis answer_timeout;
  };
  /// Begins to connect. Gives the dialer, which lives until it calls `done`, or nullptr when it has
  /// called it already.
  static MuxDialer* dial(EventLoop& loop, const Target& target, const Limits& limits, Done done);
  /// Calls `done` now, as if the peer had declined.
  void give_up() { finish({}); }

  void on_ready(std::uint32_t events) override;
  void on_due(TimePoint now) override;

 private:
  MuxDialer(EventLoop& loop, Address peer, const Limits& limits, Done done);

  [[nodiscard]] std::optional<Error> begin(const IpAddress& ip);
  [[nodiscard]] Error no_connection(int reason) const;
  [[nodiscard]] bool ask();
  void read_answer();
  void finish(Outcome outcome);

  EventLoop& loop_;
  const Address peer_;
  const Limits limits_;
  const Done done_;
  std::unique_ptr<SocketStream> stream_;
  bool is_asked_ = false;
  std::string answer_;
};

}  // namespace spreadable::detail
