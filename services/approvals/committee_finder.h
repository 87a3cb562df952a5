// services/approvals/committee_finder.h: who sits in a committee, found by asking the masters.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "core/node.h"
#include "services/approvals/approval.h"
#include "services/approvals/beacon.h"

namespace spreadable {

/// A committee as one node finds it.
struct Committee {
  std::vector<Address> members;  ///< living ones, in their order
  std::vector<Address> silent;   ///< who would sit before the last member, had they answered
  std::size_t seats = 1;         ///< how many should sit; decisions are counted against it

  [[nodiscard]] bool has_member(const Address& address) const;
  /// Whether all of `addresses` are members, or would be.
  [[nodiscard]] bool knows(std::span<const Address> addresses) const;
};

/// Finds committees and remembers them for a while. Thread-safe; blocks for requests to masters and
/// for pings.
class CommitteeFinder {
 public:
  /// A committee found is good for this long: asking all masters anew for each client would let
  /// strangers make a network talk to itself.
  static constexpr Duration kLifetime = std::chrono::seconds{3};

  /// Both outlive this object.
  CommitteeFinder(Node& node, Beacon& beacon) : node_(node), beacon_(beacon) {}

  /// The committee of the period that begins at `period`, as it is now.
  [[nodiscard]] std::shared_ptr<const Committee> find(const Approval& approval, std::int64_t period,
                                                      Deadline deadline);
  /// The same, where one found earlier in the period will do when it knows all of `named`.
  [[nodiscard]] std::shared_ptr<const Committee> find_with(const Approval& approval,
                                                           std::int64_t period,
                                                           std::span<const Address> named,
                                                           Deadline deadline);
  /// How many approvers are wanted in a network of this size.
  [[nodiscard]] std::size_t wanted(const Approval& approval) const;

 private:
  struct Order {
    std::vector<Address> addresses;  ///< all who may be asked, the first first
    std::size_t seats = 1;
  };
  struct Cached {
    std::shared_ptr<const Committee> committee;
    TimePoint found_at;
  };

  [[nodiscard]] Cached cached(const Approval& approval, std::int64_t period);
  [[nodiscard]] Order legacy_order(const Approval& approval, std::int64_t period,
                                   Deadline deadline);
  [[nodiscard]] Order beacon_order(const Approval& approval, std::int64_t period,
                                   Deadline deadline);
  [[nodiscard]] std::vector<std::string> electorate(Deadline deadline);
  [[nodiscard]] std::vector<Candidate> candidates(const std::vector<Address>& addresses);
  [[nodiscard]] Committee first_alive(const Order& order, Deadline deadline);

  Node& node_;
  Beacon& beacon_;
  Mutex mutex_;
  std::map<std::pair<std::string, std::int64_t>, Cached> committees_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
