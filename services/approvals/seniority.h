// services/approvals/seniority.h: since when a node has seen others in the network's lists.
#pragma once

#include <span>
#include <unordered_map>

#include "core/address.h"
#include "core/clock.h"

namespace spreadable {

/// Remembers when each node was first seen in any list, however often it moves from one to another.
/// A node that is in no list for a while is a newcomer when it returns. Bounded by what is in
/// lists. Not thread-safe.
class Seniority {
 public:
  /// A node that changes masters is in no list for a moment, and one that restarts for longer.
  static constexpr Duration kAbsenceMax = std::chrono::minutes{10};

  /// Notes who is in lists now, and forgets who has not been for kAbsenceMax.
  void see(std::span<const Address> listed, TimePoint now);
  /// Believes that `address`, which must have been seen, is that old, unless it is known to be
  /// older.
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
