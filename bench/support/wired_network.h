// bench/support/wired_network.h: nodes in one thread whose requests are HTTP texts, without
// sockets.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/local_network.h"

namespace spreadable::bench {

/// A settled network that has the actions of bench/support/actions.h. Requests are written down and
/// read by the server's own parser, answers are written down as the server does; what is left out
/// are the sockets, the threads, and the client's parser. Everything runs in the thread that asks,
/// in virtual time and from a fixed seed, so that equal questions cost equal instructions.
class WiredNetwork {
 public:
  /// Throws std::runtime_error when the nodes do not settle.
  explicit WiredNetwork(std::size_t nodes);
  ~WiredNetwork();

  [[nodiscard]] Node& node(std::size_t index) { return network_.node(index); }
  /// Sends a request of a client to the first node; returns the whole answer as text. Throws
  /// std::runtime_error unless it is a 200.
  std::string ask(Method method, std::string path, std::string body = {});
  /// As ask, a request for the slave stage of the count action, as the second node sends it.
  std::string ask_slave();

 private:
  class Wire;

  std::string send(const HttpRequest& request);

  LocalNetwork network_;
  std::vector<std::unique_ptr<Wire>> wires_;
};

}  // namespace spreadable::bench
