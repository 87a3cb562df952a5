#include "services/mux/detail/mux_peers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "services/mux/detail/message_text.h"
#include "services/net/curl_transport.h"

namespace spreadable::detail {
namespace {

/// Where `host` is, when that needs no look-up.
std::optional<IpAddress> ip_of(std::string_view host) {
  if (host == "localhost") return IpAddress::loopback();
  return IpAddress::parse(host);
}

bool is_here(const Address& address) {
  const auto ip = ip_of(address.host());
  return ip && ip->is_loopback();
}

Error not_public(const Address& peer) {
  return {Errc::denied, "no request to " + peer.text() + ": its address is not a public one", {}};
}

}  // namespace

MuxPeers::MuxPeers(const MuxTransport::Ports& ports, const MuxTransport::Options& options)
    : ports_(ports), options_(options) {
  lookups_.emplace(ports_.resolver,
                   NameLookups::Limits{options_.name_threads_max, options_.names_max},
                   [this](const std::string& name, const Result<IpAddress>& found) {
                     name_arrived(name, found);
                   });
}

MuxPeers::~MuxPeers() {
  lookups_.reset();
  // What was posted to the loop before has been done by then.
  ports_.loop.run([this] {
    for (MuxDialer* dialer : std::exchange(dialers_, {})) dialer->give_up();
  });
}

void MuxPeers::stop() {
  std::unordered_map<Address, Peer> peers;
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    peers.swap(peers_);
  }
  for (const auto& [address, peer] : peers) {
    for (const Waiting& item : peer.waiting) {
      item.place.group->leave(item.place.slot, MuxGroup::Left::broken);
    }
  }
  ports_.loop.run([&] {
    for (const auto& [address, peer] : peers) {
      if (peer.channel) peer.channel->close();
    }
  });
}

std::size_t MuxPeers::channels() const {
  const MutexLock lock(mutex_);
  const auto open = std::count_if(peers_.begin(), peers_.end(), [](const auto& item) {
    return item.second.channel && !item.second.channel->is_closed();
  });
  return static_cast<std::size_t>(open);
}

MuxPeers::Peer& MuxPeers::peer_of(const Address& address) {
  if (peers_.size() >= options_.peers_max && !peers_.contains(address)) {
    std::erase_if(peers_,
                  [](const auto& item) { return !item.second.channel && !item.second.is_dialed; });
  }
  return peers_[address];
}

bool MuxPeers::try_send(const TransportRequest& request, const MuxChannel::Place& place) {
  Channel channel;
  std::vector<Channel> gone;
  bool is_waiting = false;
  bool is_new = false;
  {
    const MutexLock lock(mutex_);
    if (is_stopping_) return false;
    Peer& peer = peer_of(request.to);
    if (peer.channel && peer.channel->is_closed()) {
      gone.push_back(std::exchange(peer.channel, nullptr));
      --channels_;
    }
    peer.used_at = ports_.clock.now();
    channel = peer.channel;
    if (!channel && may_wait(peer, gone)) {
      is_waiting = true;
      place.group->begin(place.slot);
      peer.waiting.push_back({place, request_head_text(request, !is_here(request.to)), request.body,
                              request.is_public_only});
      is_new = !std::exchange(peer.is_dialed, true);
      if (is_new) ++channels_;
    }
  }
  if (channel) return try_send_on(channel, request, place);
  if (is_new) dial(request.to);
  return is_waiting;
}

/// Whether a connection is being made, or may be.
bool MuxPeers::may_wait(Peer& peer, std::vector<Channel>& gone) {
  if (peer.is_dialed) return peer.waiting.size() < kWaitingMax;
  if (peer.used_at < peer.not_before) return false;
  if (channels_ >= options_.channels_max) drop_closed(peer.used_at, gone);
  return channels_ < options_.channels_max || make_room(peer, gone);
}

/// Peers that nobody asks any more, as they have left, must not hold places.
void MuxPeers::drop_closed(TimePoint now, std::vector<Channel>& gone) {
  if (now < none_closed_until_) return;
  const std::size_t before = gone.size();
  for (auto& [address, peer] : peers_) {
    if (peer.channel && peer.channel->is_closed()) {
      gone.push_back(std::exchange(peer.channel, nullptr));
      --channels_;
    }
  }
  if (gone.size() == before) none_closed_until_ = now + options_.busy_period;
}

/// For a busy peer, at the cost of the connection that has been idle for longest.
bool MuxPeers::make_room(Peer& peer, std::vector<Channel>& gone) {
  const TimePoint now = peer.used_at;
  if (now >= peer.counted_from + options_.busy_period) {
    peer.counted_from = now;
    peer.requests = 0;
  }
  if (++peer.requests < options_.busy_requests || now < no_room_until_) return false;
  Peer* idle = nullptr;
  for (auto& [address, other] : peers_) {
    if (other.channel && !other.channel->is_busy() && (!idle || other.used_at < idle->used_at)) {
      idle = &other;
    }
  }
  if (!idle || idle->used_at + options_.busy_period > now) {
    no_room_until_ = now + options_.busy_period;
    return false;
  }
  gone.push_back(std::exchange(idle->channel, nullptr));
  --channels_;
  return true;
}

bool MuxPeers::try_send_on(const Channel& channel, const TransportRequest& request,
                           const MuxChannel::Place& place) {
  place.group->begin(place.slot);
  const IpAddress& ip = channel->peer_ip();
  if (request.is_public_only && !ip.is_public()) {
    place.group->fail(place.slot, not_public(request.to));
    return true;
  }
  const auto id =
      channel->try_send(place, request_head_text(request, !ip.is_loopback()), request.body);
  if (!id) {
    place.group->give_up(place.slot);
    return false;
  }
  if (!place.group->note_sent(place.slot, channel, *id)) channel->forget(*id);
  return true;
}

void MuxPeers::forget(const Address& peer, const MuxGroup& group) {
  std::vector<Waiting> dropped;  // ends outside of the mutex
  const MutexLock lock(mutex_);
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return;
  auto& waiting = known->second.waiting;
  const auto kept = std::stable_partition(waiting.begin(), waiting.end(), [&](const auto& item) {
    return item.place.group.get() != &group;
  });
  dropped.assign(std::make_move_iterator(kept), std::make_move_iterator(waiting.end()));
  waiting.erase(kept, waiting.end());
}

void MuxPeers::dial(const Address& to) {
  if (const auto ip = ip_of(to.host())) return connect(to, *ip);
  const std::string name(to.host());
  {
    const MutexLock lock(mutex_);
    names_[name].push_back(to);
    if (names_[name].size() > 1) return;
  }
  if (lookups_->ask(name)) return;
  name_arrived(name, Error{Errc::overloaded, "too many names are waiting for an address", {}});
}

void MuxPeers::name_arrived(const std::string& name, const Result<IpAddress>& found) {
  std::vector<Address> addresses;
  {
    const MutexLock lock(mutex_);
    addresses = std::move(names_.extract(name).mapped());
  }
  for (const Address& to : addresses) {
    if (found) {
      connect(to, *found);
      continue;
    }
    const bool is_ours = found.error().code == Errc::overloaded;
    finish(to, {},
           {.stream = {},
            .failure = Error{is_ours ? Errc::overloaded : Errc::unreachable,
                             "no connection to " + to.text() + ": " + found.error().message,
                             {}}});
  }
}

void MuxPeers::connect(const Address& to, const IpAddress& ip) {
  std::vector<Waiting> denied;
  bool is_wanted = true;
  {
    const MutexLock lock(mutex_);
    const auto known = peers_.find(to);
    if (known == peers_.end()) return;  // stopping
    Peer& peer = known->second;
    const bool is_public = ip.is_public();
    const auto kept =
        std::stable_partition(peer.waiting.begin(), peer.waiting.end(),
                              [&](const auto& item) { return is_public || !item.is_public_only; });
    denied.assign(std::make_move_iterator(kept), std::make_move_iterator(peer.waiting.end()));
    peer.waiting.erase(kept, peer.waiting.end());
    is_wanted = !peer.waiting.empty();
    if (!is_wanted) {
      peer.is_dialed = false;
      --channels_;
    }
  }
  for (const Waiting& item : denied) item.place.group->fail(item.place.slot, not_public(to));
  if (!is_wanted) return;
  ports_.loop.post([this, target = MuxDialer::Target{to, ip}] {
    const auto dialer = std::make_shared<MuxDialer*>(nullptr);
    *dialer =
        MuxDialer::dial(ports_.loop, target, {options_.connect_timeout, options_.answer_timeout},
                        [this, target, dialer](MuxDialer::Outcome outcome) {
                          dialers_.erase(*dialer);
                          finish(target.peer, target.ip, std::move(outcome));
                        });
    if (*dialer) dialers_.insert(*dialer);
  });
}

/// Tells those who wait what has become of the connection.
void MuxPeers::finish(const Address& to, const IpAddress& ip, MuxDialer::Outcome outcome) {
  const Channel channel = outcome.stream ? open(ip, std::move(outcome.stream)) : nullptr;
  std::vector<Waiting> waiting;
  {
    const MutexLock lock(mutex_);
    const auto known = peers_.find(to);
    if (known == peers_.end()) return;  // stopping
    Peer& peer = known->second;
    peer.is_dialed = false;
    peer.channel = channel;
    waiting.swap(peer.waiting);
    if (!channel) --channels_;
    if (!channel && !outcome.failure) peer.not_before = ports_.clock.now() + options_.pause;
  }
  for (const Waiting& item : waiting) {
    const auto& [group, slot] = item.place;
    if (outcome.failure) {
      group->fail(slot, *outcome.failure);
    } else if (channel && item.is_public_only && !ip.is_public()) {
      group->fail(slot, not_public(to));
    } else if (const auto id =
                   channel ? channel->try_send(item.place, item.head, item.body) : std::nullopt) {
      if (!group->note_sent(slot, channel, *id)) channel->forget(*id);
    } else {
      group->leave(slot, channel ? MuxGroup::Left::broken : MuxGroup::Left::declined);
    }
  }
}

MuxPeers::Channel MuxPeers::open(const IpAddress& ip, std::unique_ptr<ByteStream> stream) const {
  auto channel = MuxChannel::make(
      {.loop = ports_.loop,
       .stream = std::move(stream),
       .peer_ip = ip,
       .payload_bytes_max = TransportRequest::kReplyBytesMax + CurlTransport::kReplyHeaderBytesMax,
       .idle_timeout = options_.idle_timeout});
  channel->start(/*is_watched=*/true);
  return channel;
}

}  // namespace spreadable::detail
