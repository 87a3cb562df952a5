#include "services/http/connection_table.h"

#include "core/assert.h"
#include "services/http/source_limits.h"

namespace spreadable {

ConnectionTable::Key ConnectionTable::key_of(const Place& place, Scope scope) {
  const bool is_machine = scope == Scope::machine;
  return {is_machine ? machine_of(place.ip) : neighbourhood_of(place.ip), place.server};
}

void ConnectionTable::add(const Place& place, Seat& seat) {
  SPREADABLE_ASSERT(!seat.at_);
  const Key key = key_of(place, Scope::group);
  std::list<Seat*>& group = groups_[key];
  group.push_back(&seat);
  ++machines_[key_of(place, Scope::machine)];
  resize(key, group.size() - 1, group.size());
  seat.at_ = std::prev(group.end());
  seat.place_ = place;
}

void ConnectionTable::remove(Seat& seat) {
  if (!seat.at_) return;
  const auto group = groups_.find(key_of(seat.place_, Scope::group));
  const auto machine = machines_.find(key_of(seat.place_, Scope::machine));
  group->second.erase(*seat.at_);
  seat.at_.reset();
  const std::size_t left = group->second.size();
  resize(group->first, left + 1, left);
  if (left == 0) groups_.erase(group);
  if (--machine->second == 0) machines_.erase(machine);
}

/// Keeps by_size_ in step; a group of no members has no place there.
void ConnectionTable::resize(const Key& group, std::size_t from, std::size_t to) {
  if (from == 0) {
    by_size_.emplace(to, group);
    return;
  }
  auto node = by_size_.extract({from, group});
  SPREADABLE_ASSERT(!node.empty());
  node.value().first = to;
  if (to > 0) by_size_.insert(std::move(node));
}

std::size_t ConnectionTable::count(const Place& place, Scope scope) const {
  const Key key = key_of(place, scope);
  if (scope == Scope::machine) {
    const auto machine = machines_.find(key);
    return machine == machines_.end() ? 0 : machine->second;
  }
  const auto group = groups_.find(key);
  return group == groups_.end() ? 0 : group->second.size();
}

bool ConnectionTable::has_crowd() const {
  return !by_size_.empty() && by_size_.rbegin()->first > 1;
}

bool ConnectionTable::evict_idle(const Place& place, Scope scope, TimePoint since) {
  const auto group = groups_.find(key_of(place, Scope::group));
  if (group == groups_.end()) return false;
  const Key wanted = key_of(place, scope);
  Seat* longest = nullptr;
  TimePoint earliest = since;
  for (Seat* seat : group->second) {
    if (key_of(seat->place_, scope) != wanted) continue;
    const auto idle = seat->idle_since();
    if (!idle || *idle >= earliest) continue;
    longest = seat;
    earliest = *idle;
  }
  return longest && longest->try_evict();
}

bool ConnectionTable::evict_newest(std::size_t count) {
  for (auto size = by_size_.rbegin(); size != by_size_.rend() && size->first > count; ++size) {
    const std::list<Seat*>& seats = groups_.at(size->second);
    for (auto seat = seats.rbegin(); seat != seats.rend(); ++seat) {
      if ((*seat)->try_evict()) return true;  // which changes both lists, so no step further
    }
  }
  return false;
}

}  // namespace spreadable
