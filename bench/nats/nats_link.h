// bench/nats/nats_link.h: a connection to a NATS server.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bench/support/sockets.h"

namespace spreadable::bench {

/// Speaks the client side of the protocol of NATS, as far as publishing, subscribing and pinging
/// go. What is published is gathered until flush(). Errors of the connection are
/// std::runtime_error. For one thread. Source:
/// https://docs.nats.io/reference/reference-protocols/nats-protocol
class NatsLink {
 public:
  struct Message {
    std::string_view subject;
    std::string_view reply_to;  ///< empty for none
    std::string_view payload;
  };
  using OnMessage = std::function<void(const Message&)>;

  /// Connects and greets; blocks until the server has answered.
  explicit NatsLink(std::uint16_t port);

  [[nodiscard]] const Descriptor& socket() const { return stream_.socket(); }

  void subscribe(std::string_view subject);
  void publish(std::string_view subject, std::string_view reply_to, std::string_view payload);
  void flush();
  /// Blocks until the server has seen everything sent before.
  void wait_for_server();
  /// Reads what is there without blocking, and shows each whole message.
  void receive(const OnMessage& on_message);

 private:
  /// Takes one operation from the input; false when it is incomplete.
  [[nodiscard]] bool take_operation(const OnMessage& on_message);

  Stream stream_;
  bool is_answered_ = false;  ///< the latest ping
};

}  // namespace spreadable::bench
