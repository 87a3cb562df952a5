// services/http/http_server.h: the Server port on real sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/server.h"
#include "services/http/event_loop.h"
#include "services/http/request_head.h"
#include "services/http/source_limits.h"
#include "services/http/worker_pool.h"

namespace spreadable {

namespace detail {
class Endpoint;
}

/// HTTP/1.1 and 1.0 for one node. Any number of servers share the loop that watches their sockets
/// and the pool that runs their handlers, and may start and stop while the others run.
///
/// The loop gathers a request; between its events, or on a worker where that is not quick, its
/// content encoding is undone, the handler called and the response written; what the client does
/// not read at once the loop sends on. So a worker never waits for a client, except for the rest of
/// bodies larger than `collected_body_bytes_max`. A request
/// that can't be read, is over a limit or finds no place in the queue of its class is answered by
/// the server itself, with `{"message": …}` as the core does. In that queue neighbourhoods of ips
/// take turns.
///
/// With Listen::tls the handshake runs on the loop too, within `head_timeout`; after that encrypted
/// connections are served as bare ones are. Who speaks plain HTTP there, or fails the handshake, is
/// cut without an answer. Source: design.md section 7, protocol sections 1.1 and 1.4, reliability
/// L1 to L6.
class HttpServer final : public Server {
 public:
  struct Options {
    std::size_t head_bytes_max = kHeadBytesMax;
    std::size_t head_fields_max = kHeadFieldsMax;
    /// From a request's first byte (on a new connection: from its start, so that a TLS handshake
    /// counts) to the end of its head.
    Millis head_timeout = std::chrono::seconds{10};
    /// A body has this long, and a second more for each `body_rate_min` bytes that came. The same
    /// goes for a response and what the client reads of it.
    Millis body_grace = std::chrono::seconds{5};
    std::size_t body_rate_min = 1'024;
    /// Larger bodies are passed on when so much has come, and a worker waits for the rest. The
    /// default covers all JSON (protocol section 1.6), so that a slow sender holds no worker.
    std::size_t collected_body_bytes_max = std::size_t{512} << 10;
    /// The whole time that a worker waits for the rest of one body.
    Millis body_timeout = std::chrono::seconds{60};
    /// An idle connection is closed after this. Must exceed keep_alive_announced: upstream's client
    /// does not repeat a POST that met a closing connection. Source: protocol section 0.13.
    Millis idle_timeout = std::chrono::seconds{60};
    std::chrono::seconds keep_alive_announced{5};
    int backlog =
        4'096;  ///< connections that wait to be accepted; the kernel may cap it (somaxconn)
    /// What strangers may take. Over the connections of a source, its longest idle one makes room,
    /// if it has been idle for longer than keep_alive_announced; else the new one is closed
    /// unread. Over the client requests the answer is 429.
    SourceLimits sources{};
    /// Added to answers that the server gives without a handler. Source: protocol section 1.6.
    Headers refusal_headers{{"Access-Control-Allow-Origin", "*"}};
  };

  HttpServer(EventLoop& loop, WorkerPool& pool);
  HttpServer(EventLoop& loop, WorkerPool& pool, Options options);
  /// Stops without waiting for a deadline when stop() was not called.
  ~HttpServer() override;

  /// May be called again after stop().
  [[nodiscard]] Result<void> start(const Listen& listen, RequestHandler& handler) override;
  [[nodiscard]] std::uint16_t port() const override { return port_; }
  /// Until `deadline`, requests on open connections are answered with 503 and `Connection: close`.
  /// A handler that is still running then is waited for however long it takes (it can't be ended
  /// from outside), but its response goes nowhere, and requests still in the queue are dropped.
  void stop(Deadline deadline) override;

  /// Connections open now.
  [[nodiscard]] std::size_t connections() const;

 private:
  EventLoop& loop_;
  WorkerPool& pool_;
  const Options options_;
  std::uint16_t port_ = 0;
  std::unique_ptr<detail::Endpoint> endpoint_;
};

}  // namespace spreadable
