// core/master_list.h: the masters of a network, as one node sees them.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "core/address.h"

namespace spreadable {

/// A master and how many slaves it keeps.
struct MasterEntry {
  Address address;
  std::size_t size = 0;

  friend bool operator==(const MasterEntry&, const MasterEntry&) = default;
};

/// Masters in the order of their addresses, each once. An immutable value whose copies share one
/// list: all nodes of a process that agree keep it once. Safe to copy and read from several
/// threads.
class MasterList {
 public:
  using Entries = std::vector<MasterEntry>;

  MasterList() = default;
  /// In any order; of several entries with one address the first counts.
  MasterList(Entries entries);
  MasterList(std::initializer_list<MasterEntry> entries) : MasterList(Entries(entries)) {}

  [[nodiscard]] Entries::const_iterator begin() const { return entries().begin(); }
  [[nodiscard]] Entries::const_iterator end() const { return entries().end(); }
  [[nodiscard]] const MasterEntry& operator[](std::size_t i) const { return entries()[i]; }
  [[nodiscard]] std::size_t size() const { return entries().size(); }
  [[nodiscard]] bool empty() const { return shared_ == nullptr; }
  /// Sum of all sizes: nodes that are in lists.
  [[nodiscard]] std::size_t total() const { return shared_ ? shared_->total : 0; }
  /// The entry of `address`, or nullptr. Logarithmic.
  [[nodiscard]] const MasterEntry* find(const Address& address) const;

  /// Without those for which `is_unwanted` holds; the list itself when there are none.
  [[nodiscard]] MasterList without(
      const std::function<bool(const MasterEntry&)>& is_unwanted) const;
  /// With `entry` in place of whatever it says of that address.
  [[nodiscard]] MasterList with(const MasterEntry& entry) const;

  /// How many nodes have come to a master's list or gone, at least, from `before` to this list.
  [[nodiscard]] std::size_t changes_since(const MasterList& before) const;

  friend bool operator==(const MasterList& a, const MasterList& b) {
    return a.shared_ == b.shared_ || a.entries() == b.entries();
  }

 private:
  struct Shared {
    Entries entries;
    std::size_t total = 0;
  };
  [[nodiscard]] const Entries& entries() const;

  std::shared_ptr<const Shared> shared_;  ///< nullptr when empty
};

}  // namespace spreadable
