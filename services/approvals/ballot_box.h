// services/approvals/ballot_box.h: what one approver remembers of the clients it may have to vouch
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/ip.h"
#include "core/json.h"
#include "core/mutex.h"

namespace spreadable {

/// One client's wish to be approved, as an approver keeps it.
struct Ballot {
  std::string action;           ///< the approval's name
  std::string key;              ///< made by the coordinator
  IpAddress client_ip;          ///< as this approver saw it
  Json info;                    ///< what the client asked for; null for nothing
  std::int64_t started_at = 0;  ///< of the period, as the client says
  /// The approvers in the order in which the question was joined, where the coordinator tells.
  std::vector<std::string> approvers{};
  std::optional<Json> answer;     ///< the right one, once the question has been asked for
  std::set<std::string> used_by;  ///< nodes that have checked an answer
  Duration lifetime{};            ///< from its last use on
  TimePoint expires_at{};         ///< set by the box
};

/// Ballots live in memory only: losing one with the process refuses a client, and never admits one.
/// Bounded in all and for each ip, the least recently updated going first, so that a stranger can
/// push out his own alone. Thread-safe. Source: protocol sections 4.4 and 7.4.
class BallotBox {
 public:
  struct Limits {
    std::size_t ballots_max = 10'000;
    std::size_t per_ip_max = 64;
  };

  BallotBox(const Clock& clock, Limits limits) : clock_(clock), limits_(limits) {}

  /// Notes a wish. One that is there already loses its answer, and keeps who has used it.
  void put(Ballot ballot);

  /// Lets `visit` read and change all live ballots of `action` with that key; it must be quick.
  /// Returns how many there were.
  std::size_t visit(const std::string& action, const std::string& key,
                    const std::function<void(Ballot&)>& visit);
  /// As visit, of the ballot with that key and ip alone, whatever its action.
  std::size_t visit(const std::string& key, const IpAddress& ip,
                    const std::function<void(Ballot&)>& visit);

  [[nodiscard]] std::size_t size() const;

 private:
  std::size_t visit_if(const std::function<bool(const Ballot&)>& matches,
                       const std::function<void(Ballot&)>& visit);
  void make_room(const IpAddress& ip) SPREADABLE_REQUIRES(mutex_);

  const Clock& clock_;
  const Limits limits_;
  mutable Mutex mutex_;
  std::list<Ballot> ballots_ SPREADABLE_GUARDED_BY(mutex_);  ///< the least recently updated first
};

}  // namespace spreadable
