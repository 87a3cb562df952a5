// services/sync/placement.h: where a node that joins is sent.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/peer_table.h"
#include "core/random.h"
#include "core/topology.h"

namespace spreadable {

/// Sends newcomers to masters with room, and names a new master when there is none.
///
/// A provider cannot see at once what becomes of those it has sent: sizes reach it at its next
/// sync. So it keeps its promises in mind and counts them as if they were kept. A crowd that joins
/// through one node is then spread as if each had come alone, with one request per newcomer and
/// none to the masters. Where several masters have room the choice is by chance, the more room the
/// likelier, so that many providers with the same view do not all send to the same one.
/// Thread-safe. Source: design.md, section 6; protocol section 5.8.
class Placement {
 public:
  /// A promise that nobody has seen kept counts for this long: a registration with a lost packet or
  /// two.
  static constexpr Duration kPromiseLifetime = std::chrono::seconds{4};
  static constexpr std::size_t kPromisesMax = 65'536;  ///< the oldest are forgotten first

  using Predicate = std::function<bool(const Address&)>;

  /// `is_doubted` tells who is named last, and does not become a master while there is anybody
  /// else.
  Placement(
      const Topology& topology, const Clock& clock, Random& random,
      Predicate is_doubted = [](const Address&) { return false; });

  struct Request {
    Address joiner;
    const PeerView& view;  ///< what the provider knows
    /// Nodes that could become masters, beside the view's slaves; in either list the oldest first.
    /// One of the older half is preferred: it has been seen to behave for longer.
    std::span<const Address> spares{};
    Predicate is_excluded{};  ///< who must not be named
    /// How many seek a place at this moment without asking a provider, each on its own. If the room
    /// known would not do for them all, lists are overfilled evenly instead of one of them grossly.
    std::size_t crowd = 0;
  };
  struct Answer {
    std::vector<Address> masters;  ///< whom to register with, best first; at most kAnswersMax
    std::size_t network_size = 1;  ///< as the provider counts, promises included
    bool has_room = false;  ///< the first has, or is to become a master; false: a last resort
  };
  static constexpr std::size_t kAnswersMax = 3;

  /// Chooses for one newcomer and promises the first choice. A second request of the same newcomer
  /// replaces its promise. The answer is empty only when everyone is excluded.
  [[nodiscard]] Answer place(const Request& request);

  /// `joiner` was seen in the list of `master`, so the view counts it by now.
  void note_kept(const Address& joiner, const Address& master);
  /// All entries of a list that was fetched from `master`.
  void note_kept(std::span<const Address> joiners, const Address& master);

  /// Newcomers sent somewhere and not yet seen there.
  [[nodiscard]] std::size_t open_promises() const;

 private:
  struct Promise {
    Address master;
    TimePoint made_at;
  };
  struct Made {
    Address joiner;
    TimePoint at;
  };
  using Loads = std::map<Address, std::size_t>;

  void promise(const Address& joiner, const Address& master) SPREADABLE_REQUIRES(mutex_);
  void forget(const Address& joiner) SPREADABLE_REQUIRES(mutex_);
  void drop_old_promises() SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] Loads loads_of(const PeerView& view) const SPREADABLE_REQUIRES(mutex_);
  [[nodiscard]] Address choose_spare(const Request& request, const Loads& loads) const
      SPREADABLE_REQUIRES(mutex_);

  const Topology& topology_;
  const Clock& clock_;
  Random& random_;
  const Predicate is_doubted_;
  mutable Mutex mutex_;
  std::unordered_map<Address, Promise> promises_ SPREADABLE_GUARDED_BY(mutex_);  ///< by newcomer
  Loads promised_ SPREADABLE_GUARDED_BY(mutex_);  ///< how many newcomers each master is to get
  /// As they were made, for those that have been kept or replaced since as well.
  std::deque<Made> made_ SPREADABLE_GUARDED_BY(mutex_);
};

/// A pure choice: an index into `weights`, the likelier the heavier; their sum must be above 0.
[[nodiscard]] std::size_t weighted_choice(std::span<const std::size_t> weights, Random& random);

}  // namespace spreadable
