// core/peer_table.h: the roles of peers as one node sees them: masters, slaves, backlink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/master_list.h"
#include "core/mutex.h"

namespace spreadable {

/// The network as a node sees it at one moment. Immutable once published, so that traversals and
/// answers work on it without a lock.
struct PeerView {
  Address self;
  MasterList masters;               ///< holds self, with its true size, when it has slaves
  std::vector<Address> slaves;      ///< in the order of registration
  std::optional<Address> backlink;  ///< the master this node is registered with
  std::uint64_t revision = 0;       ///< grows with every change

  [[nodiscard]] bool is_master() const { return !slaves.empty(); }
  [[nodiscard]] bool is_registered() const { return backlink.has_value(); }
  /// Sum of the masters' sizes; at least 1. Source: protocol section 5.2.
  [[nodiscard]] std::size_t network_size() const;
  [[nodiscard]] bool has_slave(const Address& address) const;
  /// The entry of `address`, or nullptr when it is no master.
  [[nodiscard]] const MasterEntry* find_master(const Address& address) const {
    return masters.find(address);
  }
};

/// Holds the current PeerView and changes it. A node's own entry among the masters always carries
/// the true length of its slave list: peers compare the two (protocol section 0.5), so both change
/// at once. Thread-safe; changes are reported to the observer with no lock held.
class PeerTable {
 public:
  /// A change of roles, for events and logs.
  struct Change {
    enum class Kind { slave_added, slave_removed, backlink_set, backlink_cleared, masters } kind;
    Address peer;  ///< empty for `masters`
    std::shared_ptr<const PeerView> before;
    std::shared_ptr<const PeerView> after;
  };
  using Observer = std::function<void(const Change&)>;

  explicit PeerTable(Address self, Observer observer = {});

  [[nodiscard]] std::shared_ptr<const PeerView> view() const;

  /// Replaces the masters list. An entry for self and entries of size 0 are ignored.
  void set_masters(MasterList masters);

  /// Adds a slave and returns the length of the list. Nothing happens to one that is there already.
  /// Requires: `address` is not self.
  std::size_t add_slave(const Address& address);
  /// Returns whether it was there.
  bool remove_slave(const Address& address);

  /// Requires: `address` is not self.
  void set_backlink(const Address& address);
  /// Clears the backlink if it is `address`; returns whether it was.
  bool clear_backlink(const Address& address);

 private:
  /// Publishes what `edit` makes of a copy of the current view, unless it returns false.
  bool change(Change::Kind kind, const Address& peer, const std::function<bool(PeerView&)>& edit);

  const Address self_;
  const Observer observer_;
  mutable Mutex mutex_;
  std::shared_ptr<const PeerView> view_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
