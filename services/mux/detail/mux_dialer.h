// services/mux/detail/mux_dialer.h: from an address to a connection that carries frames.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/address.h"
#include "core/ip.h"
#include "services/http/detail/byte_stream.h"
#include "services/http/event_loop.h"

namespace spreadable::detail {

/// Connects to a peer and asks it to go on with frames. Of the loop's thread.
class MuxDialer final : public EventLoop::Source {
 public:
  /// Called once on the loop's thread, with the stream, which the loop watches already, or without
  /// one when the peer cannot be reached, refuses, or does not answer within kTimeout. The dialer
  /// is gone afterwards.
  using Done = std::function<void(std::unique_ptr<ByteStream> stream)>;
  static constexpr Millis kTimeout = std::chrono::seconds{5};

  struct Target {
    Address peer;
    IpAddress ip;  ///< where its host was found
  };
  /// Begins to connect. Gives the dialer, which lives until it calls `done`, or nullptr when it has
  /// called it already.
  static MuxDialer* dial(EventLoop& loop, const Target& target, Done done);
  /// Calls `done` now, without a stream.
  void give_up() { finish(/*is_agreed=*/false); }

  void on_ready(std::uint32_t events) override;
  void on_due(TimePoint now) override;

 private:
  MuxDialer(EventLoop& loop, const Address& peer, Done done);

  [[nodiscard]] bool begin(const IpAddress& ip, std::uint16_t port);
  [[nodiscard]] bool ask();
  void read_answer();
  void finish(bool is_agreed);

  EventLoop& loop_;
  const Done done_;
  const std::string request_;
  std::unique_ptr<SocketStream> stream_;
  bool is_asked_ = false;
  std::string answer_;
};

}  // namespace spreadable::detail
