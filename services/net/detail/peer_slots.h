// services/net/detail/peer_slots.h: which exchange may use a connection now, and who waits.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

#include "services/net/detail/exchange.h"

namespace spreadable::detail {

/// The exchanges with one peer.
struct PeerQueue {
  std::size_t active = 0;
  std::list<Exchange*> waiting;
  bool is_ready = false;                        ///< stands in PeerSlots::ready_
  std::list<PeerQueue*>::iterator ready_place;  ///< while ready
};

/// Hands out connection slots under two limits, in total and per peer. Within a peer the first to
/// come goes first; between peers they go in turn, so that a slow one with a long queue delays only
/// itself. libcurl has such limits too, but its own queue takes no turns. Every operation takes
/// constant time. For one thread.
class PeerSlots {
 public:
  PeerSlots(std::size_t total_max, std::size_t per_peer_max)
      : total_max_(total_max), per_peer_max_(per_peer_max) {}

  /// `exchange` asks for a slot: it is queued until next() names it or remove() is called.
  void add(Exchange& exchange);
  /// The next exchange that may start, which now holds a slot, or nullptr.
  [[nodiscard]] Exchange* next();
  /// Takes back the slot of an exchange, or its place in the queue.
  void remove(Exchange& exchange);

  [[nodiscard]] std::size_t active() const { return active_; }

 private:
  void make_ready(PeerQueue& peer);

  const std::size_t total_max_;
  const std::size_t per_peer_max_;
  std::size_t active_ = 0;
  std::unordered_map<Address, PeerQueue> peers_;
  std::list<PeerQueue*> ready_;  ///< have waiting exchanges and are below their own limit
};

}  // namespace spreadable::detail
