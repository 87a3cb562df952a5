#include "services/net/detail/peer_slots.h"

#include "core/assert.h"

namespace spreadable::detail {

void PeerSlots::add(Exchange& exchange) {
  PeerQueue& peer = peers_.try_emplace(exchange.to).first->second;
  exchange.peer = &peer;
  exchange.state = Exchange::State::queued;
  exchange.place = peer.waiting.insert(peer.waiting.end(), &exchange);
  make_ready(peer);
}

Exchange* PeerSlots::next() {
  if (active_ >= total_max_ || ready_.empty()) return nullptr;
  PeerQueue& peer = *ready_.front();
  ready_.pop_front();
  peer.is_ready = false;
  SPREADABLE_ASSERT(!peer.waiting.empty());
  Exchange& exchange = *peer.waiting.front();
  peer.waiting.pop_front();
  exchange.state = Exchange::State::active;
  ++peer.active;
  ++active_;
  make_ready(peer);
  return &exchange;
}

void PeerSlots::remove(Exchange& exchange) {
  PeerQueue& peer = *exchange.peer;
  exchange.peer = nullptr;
  if (exchange.state == Exchange::State::active) {
    --peer.active;
    --active_;
    make_ready(peer);
  } else {
    peer.waiting.erase(exchange.place);
  }
  if (peer.waiting.empty() && peer.is_ready) {
    ready_.erase(peer.ready_place);
    peer.is_ready = false;
  }
  if (peer.active == 0 && peer.waiting.empty()) peers_.erase(exchange.to);
}

void PeerSlots::make_ready(PeerQueue& peer) {
  if (peer.is_ready || peer.waiting.empty() || peer.active >= per_peer_max_) return;
  peer.is_ready = true;
  peer.ready_place = ready_.insert(ready_.end(), &peer);
}

}  // namespace spreadable::detail
