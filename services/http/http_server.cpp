#include "services/http/http_server.h"

#include "core/assert.h"
#include "services/http/detail/endpoint.h"
#include "services/http/detail/tls_stream.h"

namespace spreadable {

HttpServer::HttpServer(EventLoop& loop, WorkerPool& pool) : HttpServer(loop, pool, Options()) {}

HttpServer::HttpServer(EventLoop& loop, WorkerPool& pool, Options options)
    : loop_(loop), pool_(pool), options_(std::move(options)) {
  SPREADABLE_ASSERT(options_.body_rate_min > 0);
  SPREADABLE_ASSERT(options_.idle_timeout >= options_.keep_alive_announced);
}

HttpServer::~HttpServer() {
  stop(Deadline(loop_.clock().now()));
}

Result<void> HttpServer::start(const Listen& listen, RequestHandler& handler) {
  SPREADABLE_ASSERT(!endpoint_);
  SPREADABLE_ASSERT(listen.compression_level >= 0 && listen.compression_level <= 9);
  Result<detail::StreamFactory> streams =
      listen.tls ? detail::tls_streams(*listen.tls) : detail::socket_streams();
  if (!streams) return streams.error();
  auto sockets = detail::Listener::open({listen.host, listen.port, options_.backlog});
  if (!sockets) return sockets.error();
  const std::uint16_t port = detail::Listener::port_of(sockets->front());
  endpoint_ = std::make_unique<detail::Endpoint>(
      detail::Endpoint::Setup{loop_, pool_, handler, options_, listen.body_bytes_max,
                              listen.compression_level, std::move(*streams)},
      std::move(*sockets));
  auto started = endpoint_->start();
  if (started) {
    port_ = port;
  } else {
    endpoint_.reset();
  }
  return started;
}

void HttpServer::stop(Deadline deadline) {
  if (!endpoint_) return;
  endpoint_->stop(deadline);
  endpoint_.reset();
}

std::size_t HttpServer::connections() const {
  return endpoint_ ? endpoint_->connections() : 0;
}

}  // namespace spreadable
