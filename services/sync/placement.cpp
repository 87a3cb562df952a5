#include "services/sync/placement.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/assert.h"

namespace spreadable {

std::size_t weighted_choice(std::span<const std::size_t> weights, Random& random) {
  const std::size_t total = std::accumulate(weights.begin(), weights.end(), std::size_t{0});
  std::size_t point = random.below(total);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (point < weights[i]) return i;
    point -= weights[i];
  }
  SPREADABLE_ASSERT(false);  // the point lies below the total
}

Placement::Placement(const Topology& topology, const Clock& clock, Random& random,
                     Predicate is_doubted)
    : topology_(topology), clock_(clock), random_(random), is_doubted_(std::move(is_doubted)) {}

void Placement::promise(const Address& joiner, const Address& master) {
  const TimePoint now = clock_.now();
  promises_[joiner] = {master, now};
  ++promised_[master];
  made_.push_back({joiner, now});
}

void Placement::forget(const Address& joiner) {
  const auto promise = promises_.find(joiner);
  if (promise == promises_.end()) return;
  const auto promised = promised_.find(promise->second.master);
  if (--promised->second == 0) promised_.erase(promised);
  promises_.erase(promise);
}

void Placement::drop_old_promises() {
  const TimePoint oldest = clock_.now() - kPromiseLifetime;
  while (!made_.empty()) {
    const Made& first = made_.front();
    const auto promise = promises_.find(first.joiner);
    const bool is_open = promise != promises_.end() && promise->second.made_at == first.at;
    if (is_open && first.at >= oldest && made_.size() < kPromisesMax) return;
    if (is_open) forget(first.joiner);
    made_.pop_front();
  }
}

/// Of every master that is in the view or will be, with what it is promised.
Placement::Loads Placement::loads_of(const PeerView& view) const {
  Loads loads = promised_;
  for (const MasterEntry& master : view.masters) loads[master.address] += master.size;
  return loads;
}

Address Placement::choose_spare(const Request& request, const Loads& loads) const {
  std::vector<Address> seniors;
  std::vector<Address> others;
  const auto add = [&](std::span<const Address> list) {
    const std::size_t half = (list.size() + 1) / 2;
    seniors.insert(seniors.end(), list.begin(), list.begin() + static_cast<std::ptrdiff_t>(half));
    others.insert(others.end(), list.begin() + static_cast<std::ptrdiff_t>(half), list.end());
  };
  add(request.spares);
  add(request.view.slaves);
  for (const Made& made : made_) {
    if (promises_.contains(made.joiner)) others.push_back(made.joiner);
  }
  if (loads.empty()) others.push_back(request.view.self);
  const auto cannot = [&](const Address& address) {
    return address == request.joiner || loads.contains(address) ||
           (request.is_excluded && request.is_excluded(address));
  };
  Address doubted;
  for (std::vector<Address>* const spares : {&seniors, &others}) {
    std::erase_if(*spares, cannot);
    while (!spares->empty()) {
      const std::size_t i = random_.below(spares->size());
      const Address chosen = std::exchange((*spares)[i], spares->back());
      spares->pop_back();
      if (!is_doubted_(chosen)) return chosen;
      doubted = chosen;
    }
  }
  return doubted;
}

Placement::Answer Placement::place(const Request& request) {
  const MutexLock lock(mutex_);
  drop_old_promises();
  forget(request.joiner);
  const Loads loads = loads_of(request.view);
  // The newcomer, unless it is a slave of ours that is to go elsewhere.
  std::size_t size = request.view.has_slave(request.joiner) ? 0 : 1;
  for (const auto& [address, load] : loads) size += load;
  if (!request.view.is_registered() && request.joiner != request.view.self) ++size;

  std::size_t limit = topology_.list_limit(size);
  std::vector<Address> open;
  std::vector<std::size_t> room;
  const auto find_room = [&] {
    open.clear();
    room.clear();
    for (const auto& [address, load] : loads) {
      if (load >= limit || address == request.joiner) continue;
      if (request.is_excluded && request.is_excluded(address)) continue;
      open.push_back(address);
      room.push_back(limit - load);
    }
    return std::accumulate(room.begin(), room.end(), std::size_t{0});
  };
  if (find_room() < request.crowd) {
    limit += limit / 2;
    find_room();
  }
  Answer answer{.masters = {}, .network_size = size};
  while (!open.empty() && answer.masters.size() < kAnswersMax) {
    const std::size_t i = weighted_choice(room, random_);
    answer.masters.push_back(std::exchange(open[i], open.back()));
    room[i] = room.back();
    open.pop_back();
    room.pop_back();
  }
  std::stable_partition(answer.masters.begin(), answer.masters.end(),
                        [&](const Address& master) { return !is_doubted_(master); });
  if (answer.masters.empty()) {
    if (const Address spare = choose_spare(request, loads); !spare.is_empty()) {
      answer.masters.push_back(spare);
    }
  }
  answer.has_room = !answer.masters.empty();
  for (const auto& [address, load] : loads) {  // better a list that is too long than no list
    if (!answer.masters.empty()) break;
    const bool is_excluded = request.is_excluded && request.is_excluded(address);
    if (address != request.joiner && !is_excluded) answer.masters.push_back(address);
  }
  if (!answer.masters.empty()) promise(request.joiner, answer.masters.front());
  return answer;
}

void Placement::note_kept(const Address& joiner, const Address& master) {
  note_kept(std::span(&joiner, 1), master);
}

void Placement::note_kept(std::span<const Address> joiners, const Address& master) {
  const MutexLock lock(mutex_);
  if (promises_.empty()) return;
  for (const Address& joiner : joiners) {
    const auto promise = promises_.find(joiner);
    if (promise != promises_.end() && promise->second.master == master) forget(joiner);
  }
}

std::size_t Placement::open_promises() const {
  const MutexLock lock(mutex_);
  return promises_.size();
}

}  // namespace spreadable
