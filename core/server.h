// core/server.h: how requests of others reach a node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>  // structure-ok: paths as values; core touches no file
#include <optional>
#include <string>
#include <string_view>

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
  /// What a server shows to those who call it by https. Both files are PEM, read once by start().
  struct Tls {
    std::filesystem::path key;          ///< without a passphrase
    std::filesystem::path certificate;  ///< its own certificate, then the chain
  };
  struct Listen {
    /// What to bind: an address or a name. `::` takes IPv4 as well. `localhost` binds 127.0.0.1 and
    /// ::1 on the same port, since others resolve that name either way; on a machine without IPv6
    /// it is 127.0.0.1 alone. Source: protocol section 0.12.
    std::string host = "::";
    std::uint16_t port = 0;  ///< 0: any port that is free on all that is bound, see port()
    std::size_t body_bytes_max = 512'000;  ///< inflated; more is answered with 413
    /// Given: only TLS (1.2 or later) is spoken on the port. Clients show no certificate.
    std::optional<Tls> tls{};
    /// Of gzip and deflate: 1 (fastest) to 9 (smallest); 0 sends every response as it is. Texts of
    /// 1 KiB and more are compressed for clients that accept it.
    int compression_level = 6;
  };

  virtual ~Server() = default;

  /// Begins to accept. Errc::io naming the port when it is taken or may not be bound, or the file
  /// of `listen.tls` that can't be read, makes no sense, or does not belong to the other one.
  /// `handler` must live until stop() has returned.
  [[nodiscard]] virtual Result<void> start(const Listen& listen, RequestHandler& handler) = 0;
  /// The port bound, 0 before start.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Refuses new connections and new requests at once, lets running requests finish until
  /// `deadline`, then closes all connections. No handler runs after it has returned. May be called
  /// twice.
  virtual void stop(Deadline deadline) = 0;
};

}  // namespace spreadable
