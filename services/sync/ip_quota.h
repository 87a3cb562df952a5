// services/sync/ip_quota.h: how many nodes of one neighbourhood of the internet lists may hold.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/known_lists.h"
#include "core/mutex.h"
#include "core/peer_table.h"
#include "core/resolver.h"

namespace spreadable {

/// Keeps whoever owns a neighbourhood (IpAddress::group) from owning a list, or the network:
/// of each one, a list takes so many nodes, and all lists together so many. Nodes at private
/// addresses are not counted, nor those that are trusted.
///
/// Masters can take nodes at the same time, before they see each other's lists. Once they do, each
/// of them drops those of its own that are too many: a node makes room for those that its master
/// knew of when it came, and of the others for those whose addresses are below its own. Who has
/// been in a list for longer than masters need to see each other's is left alone, so that nobody
/// who comes later drives it out. Thread-safe. Source: reliability S8.
class IpQuota {
 public:
  using Predicate = std::function<bool(const Address&)>;
  struct Limits {
    std::size_t in_list = 2;
    std::size_t in_network = 10;
    /// Of these, left free for nodes that other masters take at the same moment: when one of many
    /// places gets free, all masters see it within an interval, and each has nodes that wait for
    /// it.
    std::size_t in_reserve = 2;
  };
  /// What a node knows of who is listed: its own list, and those of the masters in its view.
  struct Lists {
    const PeerView& view;
    const KnownLists& known;
    bool is_complete = true;  ///< false: it only becomes a master, and has seen none of theirs yet
  };

  /// A master and its list.
  struct Listing {
    const Address& master;
    std::span<const Address> slaves;
  };

  struct Parts {
    Resolver& resolver;
    const Clock& clock;
  };

  /// `parts` must outlive it. After `settling` all masters have seen who is in a list.
  IpQuota(const Parts& parts, Predicate is_trusted, Limits limits, Duration settling);

  /// Whether `newcomer` may come into our list. Blocks for as long as the resolver does.
  [[nodiscard]] bool has_room_for(const Address& newcomer, const Lists& lists) const;
  /// The same for one that comes into our list at once: it is remembered as just admitted. Where
  /// `lists` are not complete it will make room for everybody.
  [[nodiscard]] bool admit(const Address& newcomer, const Lists& lists);

  /// Which of those just admitted, less than `settling` ago, are too many by now, in order. Names
  /// are not looked up, so that nobody's name server holds up who asks: only addresses and those
  /// just admitted are counted.
  [[nodiscard]] std::vector<Address> surplus(const Lists& lists);

  /// Whether one list holds more nodes of a neighbourhood than all together may. No master that
  /// knows of this rule lets it come so far. Names are not looked up here, either.
  [[nodiscard]] bool is_broken_by(std::span<const Address> list) const;

  /// Which of `masters` to leave out, in order. Where they and their lists hold more nodes of a
  /// neighbourhood than all lists may, its own masters give way: those elsewhere count first, then
  /// its own by address, each left out if there would be too many with it and its list. Of other
  /// neighbourhoods it may list as many as a list takes. So whoever invents neighbours of a master
  /// does not bring it down: it has a place in a list itself. Names are not looked up.
  [[nodiscard]] std::vector<Address> surplus_masters(std::span<const Listing> masters) const;

 private:
  using Set = std::unordered_set<Address>;
  using Groups = std::map<IpAddress, Set>;
  struct Admitted {
    TimePoint at;
    IpAddress group;
    /// Those of its neighbourhood that we knew when it came; nothing: we knew no lists.
    std::optional<Set> known;
  };
  using Admissions = std::unordered_map<Address, Admitted>;

  /// Where `address` lies, if that counts.
  [[nodiscard]] std::optional<IpAddress> group_of(const Address& address) const;
  /// The same without looking up names, which do not count then.
  [[nodiscard]] std::optional<IpAddress> known_group_of(const Address& address) const;
  /// The nodes of `group` in all lists beside `newcomer`, which may be about to move from one to
  /// another; nothing when there is no room for it.
  [[nodiscard]] std::optional<Set> neighbours(const Address& newcomer, const IpAddress& group,
                                              const Lists& lists) const;
  /// The nodes of `list` that count for `group`.
  [[nodiscard]] Set members(std::span<const Address> list, const IpAddress& group) const;
  /// The neighbourhoods that have too many nodes among `masters` and in their lists; none when no
  /// master counts, whoever is in their lists.
  [[nodiscard]] std::set<IpAddress> crowded_groups(std::span<const Listing> masters) const;
  /// Forgets the others.
  [[nodiscard]] Admissions just_admitted();

  const Parts parts_;
  const Predicate is_trusted_;
  const Limits limits_;
  const Duration settling_;
  Mutex mutex_;
  Admissions admitted_ SPREADABLE_GUARDED_BY(mutex_);
};

/// How many nodes of `list` are in the neighbourhood that has most of them, private addresses and
/// names left out. Linear, but for sorting those at public addresses.
[[nodiscard]] std::size_t largest_group(std::span<const Address> list);

}  // namespace spreadable
