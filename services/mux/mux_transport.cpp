#include "services/mux/mux_transport.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "services/http/detail/loop_crew.h"
#include "services/mux/detail/message_text.h"
#include "services/mux/detail/mux_channel.h"
#include "services/mux/detail/mux_dialer.h"
#include "services/mux/detail/mux_group.h"
#include "services/net/curl_transport.h"

namespace spreadable {

using detail::MuxChannel;
using detail::MuxDialer;
using detail::MuxGroup;

/// One call of request_group.
struct MuxTransport::Call {
  struct Sent {
    std::shared_ptr<MuxChannel> channel;
    std::uint32_t id = 0;
  };

  std::span<const TransportRequest> requests;
  Deadline deadline;
  std::shared_ptr<MuxGroup> group;
  std::vector<std::optional<Sent>> sent;
  std::vector<std::size_t> others;  ///< slots for the other transport
  std::vector<std::optional<Result<TransportReply>>> results;
};

MuxTransport::MuxTransport(const Ports& ports) : MuxTransport(ports, Options{}) {}

MuxTransport::MuxTransport(const Ports& ports, Options options)
    : ports_(ports), options_(options) {}

MuxTransport::~MuxTransport() {
  std::unordered_map<Address, Peer> peers;
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    peers.swap(peers_);
  }
  ports_.loop.run([&] {
    for (MuxDialer* dialer : std::exchange(dialers_, {})) dialer->give_up();
    for (const auto& [address, peer] : peers) {
      if (peer.channel) peer.channel->close();
    }
  });
  const MutexLock lock(mutex_);
  std::unique_lock native(mutex_.native(), std::adopt_lock);
  while (callers_ > 0) none_inside_.wait(native);
  native.release();
}

bool MuxTransport::is_stopping() const {
  const MutexLock lock(mutex_);
  return is_stopping_;
}

std::size_t MuxTransport::channels() const {
  const MutexLock lock(mutex_);
  const auto open = std::count_if(peers_.begin(), peers_.end(), [](const auto& item) {
    return item.second.channel && !item.second.channel->is_closed();
  });
  return static_cast<std::size_t>(open);
}

bool MuxTransport::is_suitable(const TransportRequest& request) const {
  return request.is_native && !request.is_tls && request.work != WorkClass::client &&
         request.body.size() <= options_.body_bytes_max && detail::is_writable(request);
}

/// The open channel to the receiver, or nullptr; one is opened when that has become worthwhile.
std::shared_ptr<MuxChannel> MuxTransport::channel_to(const TransportRequest& request) {
  std::shared_ptr<MuxChannel> closed;
  bool is_wanted = false;
  {
    const MutexLock lock(mutex_);
    if (peers_.size() >= options_.peers_max && !peers_.contains(request.to)) {
      std::erase_if(
          peers_, [](const auto& item) { return !item.second.channel && !item.second.is_dialed; });
    }
    Peer& peer = peers_[request.to];
    if (peer.channel && !peer.channel->is_closed()) {
      const bool may_call = !request.is_public_only || peer.channel->peer_ip().is_public();
      return may_call ? peer.channel : nullptr;
    }
    if (peer.channel) {
      closed = std::exchange(peer.channel, nullptr);
      --channels_;
    }
    is_wanted = wants_channel(peer);
  }
  if (is_wanted) dial(request.to);
  return nullptr;
}

bool MuxTransport::wants_channel(Peer& peer) {
  const TimePoint now = ports_.clock.now();
  if (now >= peer.counted_from + options_.busy_period) {
    peer.counted_from = now;
    peer.requests = 0;
  }
  if (++peer.requests < options_.busy_requests || peer.is_dialed || now < peer.not_before ||
      channels_ >= options_.channels_max || is_stopping_) {
    return false;
  }
  peer.is_dialed = true;
  ++channels_;
  return true;
}

/// The name has been looked up for the requests that were sent until now, so it is known.
void MuxTransport::dial(const Address& to) {
  const Result<IpAddress> ip = to.host() == "localhost" ? Result<IpAddress>(IpAddress::loopback())
                                                        : ports_.resolver.resolve(to.host());
  if (!ip) return open(to, {}, nullptr);
  ports_.loop.post([this, target = MuxDialer::Target{to, *ip}] {
    const auto dialer = std::make_shared<MuxDialer*>(nullptr);
    *dialer = MuxDialer::dial(ports_.loop, target,
                              [this, target, dialer](std::unique_ptr<detail::ByteStream> stream) {
                                dialers_.erase(*dialer);
                                open(target.peer, target.ip, std::move(stream));
                              });
    if (*dialer) dialers_.insert(*dialer);
  });
}

void MuxTransport::open(const Address& to, const IpAddress& ip,
                        std::unique_ptr<detail::ByteStream> stream) {
  std::shared_ptr<MuxChannel> channel;
  if (stream) {
    channel = MuxChannel::make({.loop = ports_.loop,
                                .stream = std::move(stream),
                                .peer_ip = ip,
                                .payload_bytes_max = TransportRequest::kReplyBytesMax +
                                                     CurlTransport::kReplyHeaderBytesMax,
                                .idle_timeout = options_.idle_timeout});
    channel->start(/*is_watched=*/true);
  }
  const MutexLock lock(mutex_);
  const auto known = peers_.find(to);
  if (known == peers_.end()) return;  // stopping
  known->second.is_dialed = false;
  known->second.channel = channel;
  if (channel) return;
  known->second.not_before = ports_.clock.now() + options_.pause;
  --channels_;
}

void MuxTransport::send(Call& call, std::size_t slot) {
  const TransportRequest& request = call.requests[slot];
  if (is_suitable(request)) {
    if (auto channel = channel_to(request)) {
      const bool is_far = !channel->peer_ip().is_loopback();
      const auto id = channel->try_send({call.group, slot},
                                        detail::request_head_text(request, is_far), request.body);
      if (id) {
        call.sent[slot] = {std::move(channel), *id};
        return;
      }
    }
  }
  call.others.push_back(slot);
}

/// Through the other transport, all at once.
void MuxTransport::send_others(Call& call, const std::function<void()>& meanwhile) {
  if (call.others.empty()) {
    if (meanwhile) meanwhile();
    return;
  }
  detail::LoopCrew::leave_loop();  // the other transport blocks its callers
  std::vector<TransportRequest> requests;
  requests.reserve(call.others.size());
  for (const std::size_t slot : call.others) requests.push_back(call.requests[slot]);
  auto results = ports_.other.request_group(requests, call.deadline, meanwhile);
  for (std::size_t i = 0; i < results.size(); ++i) {
    call.results[call.others[i]] = std::move(results[i]);
  }
  call.others.clear();
}

/// Takes the answers that have come in frames. What broke off is left for the other transport.
void MuxTransport::collect(Call& call) {
  std::vector<MuxGroup::Slot> slots = call.group->take();
  const bool is_over = is_stopping();
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (!call.sent[slot]) continue;
    const TransportRequest& request = call.requests[slot];
    auto& result = call.results[slot];
    if (slots[slot].state == MuxGroup::State::answered) {
      result = detail::parse_response(slots[slot].message, request.reply_bytes_max);
    } else if (slots[slot].state == MuxGroup::State::under_way) {
      call.sent[slot]->channel->forget(call.sent[slot]->id);
      result = Error{Errc::timed_out, "no answer from " + request.to.text() + " in time", {}};
    } else if (is_over) {
      result = Error{Errc::cancelled, "the transport is shutting down", {}};
    } else {
      call.others.push_back(slot);
    }
  }
}

std::vector<Result<TransportReply>> MuxTransport::request_group(
    std::span<const TransportRequest> requests, Deadline deadline,
    const std::function<void()>& meanwhile) {
  {
    const MutexLock lock(mutex_);
    ++callers_;
  }
  Call call{.requests = requests,
            .deadline = deadline,
            .group = std::make_shared<MuxGroup>(requests.size()),
            .sent = {},
            .others = {},
            .results = {}};
  call.sent.resize(requests.size());
  call.results.resize(requests.size());
  for (std::size_t slot = 0; slot < requests.size(); ++slot) send(call, slot);
  send_others(call, meanwhile);
  call.group->wait(deadline, ports_.clock);
  collect(call);
  send_others(call, {});

  std::vector<Result<TransportReply>> results;
  results.reserve(call.results.size());
  for (auto& result : call.results) results.push_back(std::move(*result));
  const MutexLock lock(mutex_);
  if (--callers_ == 0 && is_stopping_) none_inside_.notify_all();
  return results;
}

}  // namespace spreadable
