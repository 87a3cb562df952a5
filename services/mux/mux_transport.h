// services/mux/mux_transport.h: all requests to a peer of ours share a connection.
#pragma once

#include <cstddef>
#include <memory>

#include "core/mutex.h"
#include "core/resolver.h"
#include "core/transport.h"
#include "services/http/event_loop.h"

namespace spreadable {

namespace detail {
class MuxPeers;
}

/// Sends requests to peers of ours as frames on one connection to each (services/mux/frame.h).
/// Frames of several callers that are on their way to a peer at the same time leave in one write,
/// and are answered in any order, so nobody waits for somebody else's slow answer. A connection
/// that breaks costs no answer: what was under way on it is sent once more, so a peer may see a
/// request twice, as with CurlTransport.
///
/// Whoever may be a node of ours (TransportRequest::may_be_native) is asked for frames when there
/// is a request for it, which waits for what it says. Those that decline, requests over TLS, of
/// clients or with large bodies, and what there is no connection left for, go through another
/// transport. Thread-safe.
class MuxTransport final : public Transport {
 public:
  struct Options {
    /// Connections with frames; peers beyond that do without. Source: reliability L11, of which
    /// CurlTransport has the rest.
    std::size_t channels_max = 128;
    /// When there are so many, one that has been idle for `busy_period` makes room for a peer that
    /// gets `busy_requests` requests within that time.
    std::size_t busy_requests = 4;
    Millis busy_period = std::chrono::seconds{1};
    /// Longest wait for a connection, when the deadline is not earlier. Beyond two lost SYNs.
    Millis connect_timeout = std::chrono::seconds{5};
    /// And for what a peer says to frames; silence is a no. Source: protocol section 0.11.
    Millis answer_timeout = std::chrono::seconds{2};
    /// A peer that has declined frames is not asked again for this long.
    Millis pause = std::chrono::seconds{60};
    /// A connection without answers for so long is closed. Three of the usual sync intervals, and
    /// less than HttpServer's idle_timeout, so that it is this side that ends it.
    Millis idle_timeout = std::chrono::seconds{50};
    std::size_t body_bytes_max = std::size_t{64} << 10;  ///< of a request in a frame
    std::size_t peers_max = 4'096;  ///< remembered; those without a connection are forgotten beyond
    std::size_t name_threads_max = 4;  ///< look-ups at the same time, started when first needed
    std::size_t names_max = 1'024;     ///< names waiting for a look-up; more are Errc::overloaded
  };
  struct Ports {
    const Clock& clock;
    EventLoop& loop;
    Resolver& resolver;
    Transport& other;  ///< for what is not sent in frames
  };

  /// `ports` outlive the transport.
  explicit MuxTransport(const Ports& ports);
  MuxTransport(const Ports& ports, Options options);
  /// Settles what is under way with Errc::cancelled, and waits until the callers inside
  /// request_group have left, and for a look-up of a name that the resolver is busy with.
  ~MuxTransport() override;

  [[nodiscard]] std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile = {}) override;

  /// Connections with frames that are open now.
  [[nodiscard]] std::size_t channels() const;

 private:
  struct Call;

  [[nodiscard]] bool is_suitable(const TransportRequest& request,
                                 const TransportRequest* like) const;
  void send(Call& call, std::size_t slot);
  void settle(Call& call, const std::function<void()>& meanwhile, Duration gather);
  void send_others(Call& call, const std::function<void()>& meanwhile);
  [[nodiscard]] bool send_again(Call& call);
  void collect(Call& call);

  const Ports ports_;
  const Options options_;
  const std::unique_ptr<detail::MuxPeers> peers_;

  Mutex mutex_;
  Condition none_inside_;
  std::size_t callers_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable
