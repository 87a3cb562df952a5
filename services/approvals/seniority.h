// services/approvals/seniority.h: since when a node has seen others in the network's lists.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "core/address.h"
#include "core/clock.h"

namespace spreadable {

/// Remembers when each node was first seen in any list, however often it moves from one to another. A node
/// that is in no list for a while is a newcomer when it returns. Bounded by what is in lists.
/// Not thread-safe.
class Seniority {
 public:
  /// A node that changes masters is in no list for a moment, and one that restarts for longer.
  static constexpr Duration kAbsenceMax = std::chrono::minutes{10};

  /// Notes who is in lists now, and forgets who has not been for kAbsenceMax.
  void see(std::span<const Address> listed, TimePoint now);
  /// Who was seen in the last `span`, but is not among `listed`: its master has gone, and it has not found
  /// another yet. In no particular order.
  [[nodiscard]] std::vector<Address> orphans(std::span<const Address> listed, Duration span,
                                             TimePoint now) const;
  /// Believes that `address`, which must have been seen, is that old, unless it is known to be older.
  void adopt(const Address& address, Millis age, TimePoint now);
  /// How long ago `address` was first seen; zero for one that has not been.
  [[nodiscard]] Millis age(const Address& address, TimePoint now) const;

 private:
  struct Seen {
    TimePoint first;
    TimePoint last;
  };
  std::unordered_map<Address, Seen> seen_;
};

}  // namespace spreadable
