// services/sync/isolation.h: noticing that one has been led out of the network.
#pragma once

#include <cstddef>
#include <set>

#include "core/address.h"
#include "core/clock.h"

namespace spreadable {

/// A slave sees the network through its master alone. When the other masters have banned that one,
/// it shows a network that shrinks to itself, and its slaves go on believing it. So a slave whose
/// network has lost more than half of its size asks old acquaintances; when several of them, over
/// many intervals, sit in a larger network that does not know the master, the master is the one
/// that is outside. A network that was cut in two and heals does so within a few intervals, long
/// before. Plain state; not thread-safe. Source: reliability S2, S9.
class Isolation {
 public:
  static constexpr Duration kMemory = std::chrono::hours{1};  ///< of how large the network was
  static constexpr std::size_t kWitnesses = 3;
  static constexpr int kPatienceIntervals = 20;

  /// The network has `size` nodes, as the master has it.
  void note_size(std::size_t size, TimePoint now);
  /// Whether that is less than half of what it was within the last hour.
  [[nodiscard]] bool is_shrunk() const { return 2 * size_ < largest_; }

  /// `peer`, which is not in our master's list, sits in a network that is larger than ours; whether
  /// that knows our master.
  void note_peer(const Address& peer, bool knows_our_master, TimePoint now);
  /// Whether enough peers have said so for long enough.
  [[nodiscard]] bool is_cut_off(Duration interval, TimePoint now) const;
  /// This node looks for another master; what was said counts no more.
  void start_over() { witnesses_.clear(); }

 private:
  std::size_t size_ = 0;
  std::size_t largest_ = 0;
  TimePoint largest_at_{};
  std::set<Address> witnesses_;  ///< at most kWitnesses
  TimePoint first_witness_at_{};
};

}  // namespace spreadable
