#include "extensions/documents/candidates.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace spreadable::documents {
namespace {

/// What a node may be suspected of at most before it counts, in a network of that size.
double bound(std::size_t network_size) {
  const double others = static_cast<double>(network_size) - 1;
  return std::cbrt(others * others);
}

double level(std::size_t network_size) {
  return std::min(Suspicions::kLevel, bound(network_size));
}

}  // namespace

void Suspicions::note_chosen(const Address& address, std::size_t network_size) {
  const MutexLock lock(mutex_);
  const double limit = level(network_size);
  if (!latest_.is_empty() && latest_ != address && limit > 0) {
    for (auto it = entries_.begin(); it != entries_.end();) {
      Entry& entry = it->second;
      if (it->first != address && entry.excuse < bound(network_size)) {
        entry.excuse += std::sqrt(limit) / limit;
      }
      it = entry.excuse >= entry.suspicion ? entries_.erase(it) : std::next(it);
    }
  }
  if (entries_.size() >= kEntriesMax && !entries_.contains(address)) {
    entries_.erase(std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.changed < b.second.changed; }));
  }
  Entry& entry = entries_[address];
  entry.suspicion += 1;
  entry.changed = ++choices_;
  latest_ = address;
}

double Suspicions::weight(const Address& address, std::size_t network_size) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(address);
  if (found == entries_.end() || found->second.suspicion < level(network_size)) return 0;
  return std::max(0.0, found->second.suspicion - found->second.excuse);
}

std::vector<Candidate> choose_candidates(const std::vector<Candidate>& candidates,
                                         const CandidateRules& rules) {
  std::vector<std::pair<double, Candidate>> chosen;
  std::set<Address> seen;
  for (const Candidate& candidate : candidates) {
    if (!seen.insert(candidate.address).second || !rules.is_allowed(candidate.address)) continue;
    chosen.emplace_back(rules.weight(candidate.address), candidate);
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.second.is_full != b.second.is_full) return b.second.is_full;
    return a.second.count < b.second.count;
  });
  std::vector<Candidate> result;
  for (auto& [weight, candidate] : chosen) {
    if (result.size() >= rules.limit) break;
    result.push_back(std::move(candidate));
  }
  return result;
}

}  // namespace spreadable::documents
