#include "services/mux/mux_transport.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "services/http/detail/loop_crew.h"
#include "services/mux/detail/message_text.h"
#include "services/mux/detail/mux_group.h"
#include "services/mux/detail/mux_peers.h"

namespace spreadable {

using detail::MuxGroup;

namespace {

/// How long the first request that has to go another way waits for company. The next ones wait for
/// twice as long each time, so that they are a handful, however many peers decline one by one.
constexpr Duration kGather = std::chrono::milliseconds{1};

}  // namespace

/// One call of request_group.
struct MuxTransport::Call {
  std::span<const TransportRequest> requests;
  Deadline deadline;
  std::shared_ptr<MuxGroup> group;
  const TransportRequest* suitable = nullptr;  ///< the last that can go in a frame
  std::vector<std::size_t> others;             ///< slots for the other transport
  std::vector<bool> is_again;       ///< by slot: sent again after its connection broke
  std::vector<std::optional<Result<TransportReply>>> results;
};

MuxTransport::MuxTransport(const Ports& ports) : MuxTransport(ports, Options{}) {}

MuxTransport::MuxTransport(const Ports& ports, Options options)
    : ports_(ports),
      options_(options),
      peers_(std::make_unique<detail::MuxPeers>(ports_, options_)) {}

MuxTransport::~MuxTransport() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  peers_->stop();
  const MutexLock lock(mutex_);
  while (callers_ > 0) none_inside_.wait(mutex_);
}

std::size_t MuxTransport::channels() const {
  return peers_->channels();
}

/// `like`: one that is suitable, or none.
bool MuxTransport::is_suitable(const TransportRequest& request,
                               const TransportRequest* like) const {
  return request.may_be_native && !request.is_tls && request.work != WorkClass::client &&
         request.body.size() <= options_.body_bytes_max && detail::is_writable(request, like);
}

void MuxTransport::send(Call& call, std::size_t slot) {
  const TransportRequest& request = call.requests[slot];
  if (is_suitable(request, call.suitable)) {
    call.suitable = &request;
    if (peers_->try_send(request, {call.group, slot})) return;
  }
  call.others.push_back(slot);
}

/// Until all slots are settled or the time is over. What turns out to go through the other
/// transport while others are waited for is sent meanwhile.
void MuxTransport::settle(Call& call, const std::function<void()>& meanwhile, Duration gather) {
  const auto wait_for_rest = [&] {
    if (meanwhile) meanwhile();
    do {
      call.group->wait(call.deadline, ports_.clock);
    } while (send_again(call) && call.others.empty());
    if (call.others.empty()) return;
    const Deadline company(ports_.clock.now() + gather);
    call.group->wait_for_all(std::min(company, call.deadline), ports_.clock);
    (void)send_again(call);
    settle(call, {}, 2 * gather);
  };
  if (call.others.empty()) return wait_for_rest();
  send_others(call, wait_for_rest);
}

/// Through the other transport, all at once.
void MuxTransport::send_others(Call& call, const std::function<void()>& meanwhile) {
  detail::LoopCrew::leave_loop();  // the other transport blocks its callers
  const std::vector<std::size_t> slots = std::exchange(call.others, {});
  std::vector<TransportRequest> requests;
  requests.reserve(slots.size());
  for (const std::size_t slot : slots) requests.push_back(call.requests[slot]);
  auto results = ports_.other.request_group(requests, call.deadline, meanwhile);
  for (std::size_t i = 0; i < results.size(); ++i) call.results[slots[i]] = std::move(results[i]);
}

/// Looks after slots whose connection broke or was never made. Whether there were any.
bool MuxTransport::send_again(Call& call) {
  const std::vector<MuxGroup::LeftSlot> left = call.group->take_left();
  if (left.empty()) return false;
  bool is_over = false;
  {
    const MutexLock lock(mutex_);
    is_over = is_stopping_;
  }
  for (const auto& [slot, reason] : left) {
    if (is_over) {
      call.results[slot] = Error{Errc::cancelled, "the transport is shutting down", {}};
    } else if (reason == MuxGroup::Left::broken && !call.is_again[slot]) {
      call.is_again[slot] = true;
      send(call, slot);
    } else {
      call.others.push_back(slot);
    }
  }
  return true;
}

/// Takes what has come in frames.
void MuxTransport::collect(Call& call) {
  std::vector<MuxGroup::Slot> slots = call.group->take();
  const TransportReply* last = nullptr;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    auto& result = call.results[slot];
    if (result) continue;
    const TransportRequest& request = call.requests[slot];
    MuxGroup::Slot item = std::move(slots[slot]);  // whose text goes as soon as it is read
    if (item.state == MuxGroup::State::answered) {
      result = detail::parse_response(item.message, request.reply_bytes_max, last);
      if (*result) last = &**result;
    } else if (item.state == MuxGroup::State::failed) {
      result = std::move(item.error);
    } else {
      result = Error{Errc::timed_out, "no answer from " + request.to.text() + " in time", {}};
      if (item.channel) {
        item.channel->forget(item.id);
      } else {
        peers_->forget(request.to, *call.group);
      }
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
            .others = {},
            .is_again = std::vector<bool>(requests.size()),
            .results = {}};
  call.results.resize(requests.size());
  for (std::size_t slot = 0; slot < requests.size(); ++slot) send(call, slot);
  settle(call, meanwhile, kGather);
  collect(call);

  std::vector<Result<TransportReply>> results;
  results.reserve(call.results.size());
  for (auto& result : call.results) results.push_back(std::move(*result));
  const MutexLock lock(mutex_);
  if (--callers_ == 0 && is_stopping_) none_inside_.notify_all();
  return results;
}

}  // namespace spreadable
