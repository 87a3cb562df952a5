#include "core/master_list.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace spreadable {
namespace {

bool by_address(const MasterEntry& a, const MasterEntry& b) {
  return a.address < b.address;
}

}  // namespace

MasterList::MasterList(Entries entries) {
  if (entries.empty()) return;
  if (!std::is_sorted(entries.begin(), entries.end(), by_address)) {
    std::stable_sort(entries.begin(), entries.end(), by_address);
  }
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [](const MasterEntry& a, const MasterEntry& b) {
                              return a.address == b.address;
                            }),
                entries.end());
  entries.shrink_to_fit();
  const std::size_t total =
      std::accumulate(entries.begin(), entries.end(), std::size_t{0},
                      [](std::size_t sum, const MasterEntry& entry) { return sum + entry.size; });
  shared_ = std::make_shared<const Shared>(Shared{std::move(entries), total});
}

const MasterList::Entries& MasterList::entries() const {
  static const Entries none;
  return shared_ ? shared_->entries : none;
}

const MasterEntry* MasterList::find(const Address& address) const {
  const auto it = std::lower_bound(
      begin(), end(), address,
      [](const MasterEntry& entry, const Address& wanted) { return entry.address < wanted; });
  return it != end() && it->address == address ? &*it : nullptr;
}

std::size_t MasterList::changes_since(const MasterList& before) const {
  if (shared_ == before.shared_) return 0;
  std::size_t changes = 0;
  auto then = before.begin();
  for (const MasterEntry& now : *this) {
    for (; then != before.end() && then->address < now.address; ++then) changes += then->size;
    const bool is_known = then != before.end() && then->address == now.address;
    const std::size_t old = is_known ? then->size : 0;
    changes += std::max(now.size, old) - std::min(now.size, old);
    if (is_known) ++then;
  }
  for (; then != before.end(); ++then) changes += then->size;
  return changes;
}

MasterList MasterList::without(const std::function<bool(const MasterEntry&)>& is_unwanted) const {
  if (std::none_of(begin(), end(), is_unwanted)) return *this;
  Entries kept;
  kept.reserve(size());
  std::remove_copy_if(begin(), end(), std::back_inserter(kept), is_unwanted);
  return kept;
}

MasterList MasterList::with(const MasterEntry& entry) const {
  const MasterEntry* known = find(entry.address);
  if (known && *known == entry) return *this;
  Entries changed;
  changed.reserve(size() + 1);
  changed.push_back(entry);  // the first of two counts
  changed.insert(changed.end(), begin(), end());
  return changed;
}

}  // namespace spreadable
