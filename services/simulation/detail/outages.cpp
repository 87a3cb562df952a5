#include "services/simulation/detail/outages.h"

#include <algorithm>

namespace spreadable::detail {
namespace {

std::vector<bool> set_of(std::span<const MachineId> machines) {
  std::vector<bool> set;
  for (const MachineId machine : machines) {
    if (machine >= set.size()) set.resize(machine + 1);
    set[machine] = true;
  }
  return set;
}

bool has(const std::vector<bool>& set, MachineId machine) {
  return machine < set.size() && set[machine];
}

}  // namespace

void Outages::cut(std::span<const MachineId> from, std::span<const MachineId> to) {
  cuts_.push_back({set_of(from), set_of(to)});
}

void Outages::clog(MachineId from, MachineId to, TimePoint until) {
  TimePoint& end = clogs_[pair_key(from, to)];
  end = std::max(end, until);
}

bool Outages::is_cut(MachineId from, MachineId to) const {
  return std::any_of(cuts_.begin(), cuts_.end(),
                     [&](const Cut& cut) { return has(cut.from, from) && has(cut.to, to); });
}

TimePoint Outages::passage(MachineId from, MachineId to, TimePoint now) const {
  if (clogs_.empty()) return now;
  const auto clog = clogs_.find(pair_key(from, to));
  return clog == clogs_.end() ? now : std::max(now, clog->second);
}

}  // namespace spreadable::detail
