// services/mux/detail/mux_peers.h: who has a connection with frames, and how others get one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "services/mux/detail/mux_channel.h"
#include "services/mux/detail/mux_dialer.h"
#include "services/mux/mux_transport.h"
#include "services/net/detail/name_lookups.h"

namespace spreadable::detail {

/// The peers of a MuxTransport. A request to one without a connection waits while the peer is asked
/// for frames, and settles with the reason when it can't be reached. Thread-safe.
class MuxPeers {
 public:
  /// Requests that wait for one connection; beyond it a request goes its own way.
  static constexpr std::size_t kWaitingMax = MuxChannel::kRequestsMax;

  /// All of `ports` outlive it.
  MuxPeers(const MuxTransport::Ports& ports, const MuxTransport::Options& options);
  /// Requires: stop() has been called, and nobody is inside try_send().
  ~MuxPeers();
  MuxPeers(const MuxPeers&) = delete;
  MuxPeers& operator=(const MuxPeers&) = delete;

  /// Sends `request`, whose outcome goes to `place`, now or when there is a connection. False when
  /// it is to go another way. Never blocks.
  [[nodiscard]] bool try_send(const TransportRequest& request, const MuxChannel::Place& place);
  /// Drops what waits for a connection to `peer` on behalf of `group`.
  void forget(const Address& peer, const MuxGroup& group);
  /// Breaks off what is under way. From then on nothing is sent.
  void stop();

  [[nodiscard]] std::size_t channels() const;

 private:
  struct Waiting {
    MuxChannel::Place place;
    std::string head;
    std::string body;
    bool is_public_only;
  };
  struct Peer {
    std::shared_ptr<MuxChannel> channel;
    bool is_dialed = false;  ///< a connection is being made, or its ip is being looked up
    std::vector<Waiting> waiting;
    TimePoint used_at{};
    std::size_t requests = 0;  ///< without a connection, since `counted_from`
    TimePoint counted_from{};
    TimePoint not_before{};
  };
  using Channel = std::shared_ptr<MuxChannel>;

  [[nodiscard]] Peer& peer_of(const Address& address) SPREADABLE_REQUIRES(mutex_);
  // What is taken from peers goes to `gone`, to end outside of the mutex.
  [[nodiscard]] bool may_wait(Peer& peer, std::vector<Channel>& gone) SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] bool make_room(Peer& peer, std::vector<Channel>& gone) SPREADABLE_REQUIRES(mutex_);
  void drop_closed(TimePoint now, std::vector<Channel>& gone) SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] static bool try_send_on(const Channel& channel, const TransportRequest& request,
                                        const MuxChannel::Place& place);
  void dial(const Address& to);
  void name_arrived(const std::string& name, const Result<IpAddress>& found);
  void connect(const Address& to, const IpAddress& ip);
  void finish(const Address& to, const IpAddress& ip, MuxDialer::Outcome outcome);
  [[nodiscard]] Channel open(const IpAddress& ip, std::unique_ptr<ByteStream> stream) const;

  const MuxTransport::Ports ports_;
  const MuxTransport::Options options_;
  std::set<MuxDialer*> dialers_;  ///< of the loop's thread

  mutable Mutex mutex_;
  std::unordered_map<Address, Peer> peers_ SPREADABLE_GUARDED_BY(mutex_);
  std::size_t channels_ SPREADABLE_GUARDED_BY(mutex_) = 0;  ///< open or being made
  TimePoint no_room_until_ SPREADABLE_GUARDED_BY(mutex_){};
  TimePoint none_closed_until_ SPREADABLE_GUARDED_BY(mutex_){};  ///< as far as is looked
  /// Names that are being looked up, and for whom.
  std::unordered_map<std::string, std::vector<Address>> names_ SPREADABLE_GUARDED_BY(mutex_);
  bool is_stopping_ SPREADABLE_GUARDED_BY(mutex_) = false;

  std::optional<NameLookups> lookups_;  // last: its threads use the others
};

}  // namespace spreadable::detail
