// services/net/curl_transport.h: outgoing requests over real HTTP.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/resolver.h"
#include "core/transport.h"

namespace spreadable {

namespace detail {
class CurlLoop;
}

/// Sends requests by libcurl, which is loaded with the first of them. One thread drives the sockets
/// of all nodes of the process: a caller copies its requests into a group, hands the group over and
/// waits for it, so that a thousand requests under way cost one thread and no more memory than
/// their bytes.
///
/// Connections are HTTP/1.1, kept alive and used again. A kept connection that the peer has closed
/// meanwhile costs a new connection, not an error: libcurl sends a request again when a used
/// connection ends before the first byte of the answer, so a peer may see a request twice. Names
/// are looked up through the `Resolver` on threads of their own, so what an access filter resolved
/// is what gets connected to, and a dead name service delays only the requests that need it.
/// Proxies named in the environment are not used. Redirects are not followed.
/// Peers are asked for compressed answers (gzip or deflate), except those on this machine.
/// TLS is 1.2 or later; the peer must show a certificate for the host of its address, signed by an
/// authority that the request believes. There is no way to do without.
/// Headers of a reply are as they came: Content-Length and Content-Encoding tell of the bytes on
/// the wire, `body` is inflated. An answer that inflates too much is broken off and asked for once
/// more as it is, uncompressed: an honest one may be that monotonous. Thread-safe.
class CurlTransport final : public Transport {
 public:
  static constexpr std::size_t kReplyHeaderBytesMax = 64 << 10;  ///< more is Errc::bad_response

  /// How many bytes an answer of more than kInflatedFreely may become for each that was sent; more
  /// is Errc::bad_response. Source: reliability S22.
  static constexpr std::size_t kInflationMax = 20;
  static constexpr std::size_t kInflatedFreely = 64 << 10;

  /// Of all connections, requests whose answer waits for other nodes may hold 1/kForwardShare,
  /// those of clients 1/kClientShare; the rest is always there for leaf work. Source: design.md,
  /// law 7.
  static constexpr std::size_t kForwardShare = 2;
  static constexpr std::size_t kClientShare = 8;

  struct Options {
    /// Sockets of the process, in use and kept. With those of MuxTransport half the usual limit of
    /// 1,024 open files, and above √N for a network of 140,000. Source: reliability L11.
    std::size_t connections_total_max = 384;
    /// In use at one peer by one class of work: a slow one must not take all there are. Further
    /// requests wait for one of these, at most until their deadline.
    std::size_t connections_per_peer_max = 8;
    /// Requests under way and waiting, in the process; more are Errc::overloaded at once. Four of
    /// the largest groups.
    std::size_t requests_max = 4 * kGroupMax;
    /// Longest wait for a connection, when the deadline is not earlier. Beyond two lost SYNs.
    Millis connect_timeout = std::chrono::seconds{5};
    /// A kept connection that lay idle for longer is not used again.
    std::chrono::seconds idle_connection_lifetime{60};
    /// How long the event loop itself remembers what the resolver said.
    Millis name_lifetime = std::chrono::seconds{60};
    std::size_t name_threads_max = 4;  ///< look-ups at the same time, started when first needed
    std::size_t names_max = 1024;      ///< names waiting for a look-up; more are Errc::overloaded
  };

  /// Throws std::invalid_argument for a limit of zero. `clock` must pass in real time; it and
  /// `resolver` must outlive the transport.
  CurlTransport(const Clock& clock, Resolver& resolver, Options options);
  CurlTransport(const Clock& clock, Resolver& resolver);
  /// Settles everything under way with Errc::cancelled, waits until the callers inside
  /// request_group have left, and for a look-up of a name that the system's resolver is busy with.
  ~CurlTransport() override;

  /// The first call loads libcurl and starts the thread, which takes some milliseconds. Errors
  /// beside those of Transport: Errc::io when libcurl is not there.
  [[nodiscard]] std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile = {}) override;

 private:
  [[nodiscard]] Result<detail::CurlLoop*> loop();

  const Clock& clock_;
  Resolver& resolver_;
  const Options options_;
  Mutex mutex_;
  std::unique_ptr<detail::CurlLoop> loop_ SPREADABLE_GUARDED_BY(mutex_);  ///< once it is needed
};

}  // namespace spreadable
