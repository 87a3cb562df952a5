// extensions/documents/candidates.h: which nodes are to store a document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/json.h"
#include "core/mutex.h"

namespace spreadable::documents {

/// A node that has room for a copy.
struct Candidate {
  Address address;
  double count = 0;      ///< documents of the collection that it has
  bool is_full = false;  ///< at its limit, so that others come first

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// Counts how often a node was chosen first without others being so, and lets such nodes wait: one
/// that says it is empty, whatever it has, would get everything. Forgives with time. Statistics of
/// this node alone. Thread-safe. Source: metastocle section 1.9.
class Suspicions {
 public:
  static constexpr double kLevel = 5;  ///< `behavior.candidateSuspicionLevel` of upstream
  static constexpr std::size_t kEntriesMax = 10'000;  ///< the one changed longest ago goes first

  /// `address` is chosen first in a network of `network_size` nodes.
  void note_chosen(const Address& address, std::size_t network_size);
  /// Lower comes first; 0 for those not suspected.
  [[nodiscard]] double weight(const Address& address, std::size_t network_size) const;

 private:
  struct Entry {
    double suspicion = 0;
    double excuse = 0;
    std::uint64_t changed = 0;  ///< a count of choices
  };

  mutable Mutex mutex_;
  std::map<Address, Entry> entries_ SPREADABLE_GUARDED_BY(mutex_);
  Address latest_ SPREADABLE_GUARDED_BY(mutex_);
  std::uint64_t choices_ SPREADABLE_GUARDED_BY(mutex_) = 0;
};

/// How candidates are filtered and put in order.
struct CandidateRules {
  std::size_t limit = 0;
  std::function<bool(const Address&)> is_allowed;  ///< whether this node may talk to it
  std::function<double(const Address&)> weight;
};

/// The first of each address that is allowed, lower weight first, then those not full, then those
/// with fewer documents; the order given decides between equals. At most `limit`. Pure. Source:
/// metastocle sections 1.8 and 5.1.
[[nodiscard]] std::vector<Candidate> choose_candidates(const std::vector<Candidate>& candidates,
                                                       const CandidateRules& rules);

}  // namespace spreadable::documents
