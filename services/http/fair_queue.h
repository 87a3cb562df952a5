// services/http/fair_queue.h: a line in which nobody waits for somebody else's crowd.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/ip.h"

namespace spreadable {

/// Items of many sources, each in a lane of its own; those who have items take turns, one item at a
/// time. Within a lane the first in is the first out. Not thread-safe. All calls take constant
/// time, but for the search of a lane by its source, which takes logarithmic time.
template <class Item>
class FairQueue {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool is_empty() const { return size_ == 0; }

  void push(const IpAddress& source, Item item) {
    const auto known = by_source_.find(source);
    const auto lane = known == by_source_.end() ? open_lane(source) : known->second;
    if (lane->items.empty()) turns_.splice(turns_.end(), resting_, lane);
    lane->items.push_back(std::move(item));
    ++size_;
    relist(*lane);
  }

  /// The next item of the source whose turn it is. Requires: not empty.
  [[nodiscard]] Item pop() {
    SPREADABLE_ASSERT(size_ > 0);
    const auto lane = turns_.begin();
    Item item = std::move(lane->items.front());
    lane->items.pop_front();
    turns_.splice(turns_.end(), turns_, lane);
    end_removal(lane);
    return item;
  }

  /// The last item of the longest lane, taken out so that `source` can have its place; nothing when
  /// no lane would still be as long as that of `source` after both.
  [[nodiscard]] std::optional<Item> displace_for(const IpAddress& source) {
    const auto own = by_source_.find(source);
    const std::size_t own_size = own == by_source_.end() ? 0 : own->second->items.size();
    if (by_size_.size() < own_size + 2) return std::nullopt;
    const auto lane = by_size_.back().front();
    std::optional<Item> item(std::move(lane->items.back()));
    lane->items.pop_back();
    end_removal(lane);
    return item;
  }

 private:
  struct Lane;
  using Turns = std::list<Lane>;
  using Sizes = std::list<typename Turns::iterator>;
  struct Lane {
    IpAddress source;
    std::deque<Item> items{};
    std::size_t listed = 0;         ///< the size under which it is listed
    typename Sizes::iterator at{};  ///< its place there
  };
  /// Empty lanes kept for sources that come back, so that a line that hardly forms asks for no
  /// memory each time.
  static constexpr std::size_t kRestingMax = 16;

  [[nodiscard]] typename Turns::iterator open_lane(const IpAddress& source) {
    const auto lane = resting_.insert(resting_.end(), Lane{.source = source});
    lane->at = empty_.insert(empty_.end(), lane);
    by_source_.emplace(source, lane);
    return lane;
  }

  void end_removal(typename Turns::iterator lane) {
    --size_;
    relist(*lane);
    if (!lane->items.empty()) return;
    resting_.splice(resting_.end(), turns_, lane);
    if (resting_.size() <= kRestingMax) return;
    by_source_.erase(resting_.front().source);
    empty_.erase(resting_.front().at);
    resting_.pop_front();
  }

  /// Lists `lane` by the number of its items. The lists end with the longest lanes.
  void relist(Lane& lane) {
    const std::size_t size = lane.items.size();
    if (by_size_.size() < size) by_size_.resize(size);
    Sizes& from = lane.listed == 0 ? empty_ : by_size_[lane.listed - 1];
    Sizes& to = size == 0 ? empty_ : by_size_[size - 1];
    to.splice(to.end(), from, lane.at);
    lane.listed = size;
    while (!by_size_.empty() && by_size_.back().empty()) by_size_.pop_back();
  }

  std::size_t size_ = 0;
  Turns turns_;    ///< lanes with items; whose turn it is comes first
  Turns resting_;  ///< lanes without; the one that rests for longest comes first
  std::map<IpAddress, typename Turns::iterator> by_source_;
  std::vector<Sizes> by_size_;  ///< the lanes of 1 item, of 2, …; the last of these is not empty
  Sizes empty_;                 ///< those of none
};

}  // namespace spreadable
