#include "services/approvals/seniority.h"

#include <algorithm>

namespace spreadable {

void Seniority::see(std::span<const Address> listed, TimePoint now) {
  for (const Address& address : listed) {
    seen_.try_emplace(address, Seen{now, now}).first->second.last = now;
  }
  std::erase_if(seen_, [&](const auto& item) { return now - item.second.last > kAbsenceMax; });
}

void Seniority::adopt(const Address& address, Millis age, TimePoint now) {
  // More than a clock can tell is no more than its beginning.
  const Duration told = std::clamp(age, Millis::zero(), Millis{std::chrono::days{3650}});
  const Duration span = std::min(told, std::max(Duration::zero(), now.time_since_epoch()));
  const auto known = seen_.find(address);
  if (known != seen_.end()) known->second.first = std::min(known->second.first, now - span);
}

Millis Seniority::age(const Address& address, TimePoint now) const {
  const auto known = seen_.find(address);
  if (known == seen_.end()) return Millis::zero();
  return std::chrono::duration_cast<Millis>(now - known->second.first);
}

}  // namespace spreadable
