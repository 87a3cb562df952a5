// core/server.h: how requests of others reach a node.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/http.h"
#include "core/result.h"
#include "core/work_class.h"

namespace spreadable {

/// What a Server hands requests to. Thread-safe.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// How to admit a request, told from its first line alone. Quick; takes no lock for long.
  [[nodiscard]] virtual WorkClass work_class(Method method, std::string_view path) const = 0;
  /// Answers `request`; may block. Never throws.
  [[nodiscard]] virtual HttpResponse handle(HttpRequest request) = 0;
};

/// Accepts connections and hands whole requests to a RequestHandler. HttpServer in production, a
/// direct call in simulation. start and stop are called from one thread.
class Server {
 public:
  struct Listen {
    std::string host = "::";  ///< what to bind; `::` takes IPv4 as well
    std::uint16_t port = 0;   ///< 0: any free port, see port()
    std::size_t body_bytes_max = 512'000;  ///< inflated; more is answered with 413
  };

  virtual ~Server() = default;

  /// Begins to accept. Errc::io naming the port when it is taken or may not be bound.
  /// `handler` must live until stop() has returned.
  [[nodiscard]] virtual Result<void> start(const Listen& listen, RequestHandler& handler) = 0;
  /// The port bound, 0 before start.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Refuses new connections and new requests at once, lets running requests finish until `deadline`,
  /// then closes all connections. No handler runs after it has returned. May be called twice.
  virtual void stop(Deadline deadline) = 0;
};

}  // namespace spreadable
