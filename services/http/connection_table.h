// services/http/connection_table.h: whose connections they are, and who goes when there are too
// many.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/clock.h"
#include "core/ip.h"

namespace spreadable {

/// The connections of limited sources (SourceLimits) to all servers of a loop.
///
/// Connections cost a stranger next to nothing, so a few could take all there are. What costs more
/// is to have many of them from many networks: so whoever has most in one neighbourhood is the
/// first to lose some, and the newest goes, since those who have been here for long have shown some
/// worth. Not thread-safe; of the loop's thread. Each call takes logarithmic time, but for the
/// search for one to evict, which also passes by those that a worker has. Source: reliability L3.
class ConnectionTable {
 public:
  /// From where a connection comes, and to whom: limits are those of a server.
  struct Place {
    const void* server = nullptr;
    IpAddress ip;
  };
  /// How far around a place to look.
  enum class Scope { machine, group };

  /// A connection, as the table sees it. Leaves the table before it dies.
  class Seat {
   public:
    virtual ~Seat() = default;
    /// Closes the connection, which thereby leaves the table. False when a worker has it.
    virtual bool try_evict() = 0;
    /// Since when it has waited for another request; nothing while there is work.
    [[nodiscard]] virtual std::optional<TimePoint> idle_since() const = 0;

   private:
    friend class ConnectionTable;
    std::optional<std::list<Seat*>::iterator> at_;
    Place place_;
  };

  void add(const Place& place, Seat& seat);
  /// Does nothing when it is not in the table.
  void remove(Seat& seat);

  [[nodiscard]] std::size_t count(const Place& place, Scope scope) const;
  /// Whether any neighbourhood has two or more.
  [[nodiscard]] bool has_crowd() const;

  /// Evicts, of those at `place`, the one that has been idle for longest, if since before `since`.
  /// False when there is none.
  bool evict_idle(const Place& place, Scope scope, TimePoint since);
  /// Evicts the newest of the largest neighbourhood, as long as it has more than `count`; one
  /// of the next largest when workers have all of that. False when there is none.
  bool evict_newest(std::size_t count);

 private:
  using Key = std::pair<IpAddress, const void*>;

  [[nodiscard]] static Key key_of(const Place& place, Scope scope);
  void resize(const Key& group, std::size_t from, std::size_t to);

  std::map<Key, std::list<Seat*>> groups_;  ///< the newest comes last; none is empty
  std::map<Key, std::size_t> machines_;
  std::set<std::pair<std::size_t, Key>> by_size_;  ///< of groups_
};

}  // namespace spreadable
