// services/mux/mux_transport.h: requests to busy peers of ours share a connection.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "core/resolver.h"
#include "core/transport.h"
#include "services/http/event_loop.h"

namespace spreadable {

namespace detail {
class ByteStream;
class MuxChannel;
class MuxDialer;
class MuxGroup;
}  // namespace detail

/// Sends requests to peers of ours (TransportRequest::is_native) as frames on one connection to
/// each (services/mux/frame.h), once there are enough of them to be worth it; all others, and
/// requests over TLS or with large bodies, go through another transport. Frames of several callers
/// that are on their way to a peer at the same time leave in one write, and are answered in any
/// order, so nobody waits for somebody else's slow answer. A connection that breaks costs no
/// answer: what was under way on it is sent once more through the other transport, so a peer may
/// see a request twice, as with CurlTransport. Thread-safe.
class MuxTransport final : public Transport {
 public:
  struct Options {
    /// Connections with frames; peers beyond that do without. Source: reliability L11, of which
    /// CurlTransport has the rest.
    std::size_t channels_max = 128;
    /// So many requests to a peer within `busy_period` open one.
    std::size_t busy_requests = 4;
    Millis busy_period = std::chrono::seconds{1};
    /// A peer that has refused frames, or was not reached, is not asked again for this long.
    Millis pause = std::chrono::seconds{60};
    /// A connection without answers for so long is closed. Less than HttpServer's idle_timeout, so
    /// that it is this side that ends it.
    Millis idle_timeout = std::chrono::seconds{30};
    std::size_t body_bytes_max = std::size_t{64} << 10;  ///< of a request in a frame
    std::size_t peers_max = 4'096;  ///< whose requests are counted; the count begins anew beyond it
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
  /// request_group have left.
  ~MuxTransport() override;

  [[nodiscard]] std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile = {}) override;

  /// Connections with frames that are open now.
  [[nodiscard]] std::size_t channels() const;

 private:
  struct Peer {
    std::shared_ptr<detail::MuxChannel> channel;
    bool is_dialed = false;  ///< a connection is being made
    std::size_t requests = 0;
    TimePoint counted_from{};
    TimePoint not_before{};
  };
  struct Call;

  [[nodiscard]] bool is_suitable(const TransportRequest& request) const;
  [[nodiscard]] std::shared_ptr<detail::MuxChannel> channel_to(const TransportRequest& request);
  [[nodiscard]] bool wants_channel(Peer& peer) SPREADABLE_REQUIRES(mutex_);
  void dial(const Address& to);
  void open(const Address& to, const IpAddress& ip, std::unique_ptr<detail::ByteStream> stream);
  void send(Call& call, std::size_t slot);
  void send_others(Call& call, const std::function<void()>& meanwhile);
  void collect(Call& call);
  [[nodiscard]] bool is_stopping() const;

  const Ports ports_;
  const Options options_;
  std::set<detail::MuxDialer*> dialers_;  ///< of the loop's thread

  mutable Mutex mutex_;
  std::condition_variable none_inside_;
  std::unordered_map<Address, Peer> peers_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t channels_ SPREADABLE_GUARDED_BY(mutex_) = 0;  ///< open or being dialed
  std::size_t callers_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable
