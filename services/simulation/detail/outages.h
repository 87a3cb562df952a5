// services/simulation/detail/outages.h: which machines cannot reach each other. Private to
// services/simulation.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "services/simulation/virtual_time.h"

namespace spreadable::detail {

/// Cuts and clogs of a network. For one thread.
class Outages {
 public:
  void cut(std::span<const MachineId> from, std::span<const MachineId> to);
  void heal() { cuts_.clear(); }
  void clog(MachineId from, MachineId to, TimePoint until);
  void unclog() { clogs_.clear(); }

  [[nodiscard]] bool is_cut(MachineId from, MachineId to) const;
  /// When a message that would arrive now arrives: now, unless the way is clogged.
  [[nodiscard]] TimePoint passage(MachineId from, MachineId to, TimePoint now) const;

 private:
  /// Sets of machines, by number.
  struct Cut {
    std::vector<bool> from;
    std::vector<bool> to;
  };

  std::vector<Cut> cuts_;
  std::unordered_map<std::uint64_t, TimePoint> clogs_;  ///< until when, by pair
};

/// Two machines as one number, in that order.
[[nodiscard]] constexpr std::uint64_t pair_key(MachineId from, MachineId to) {
  return std::uint64_t{from} << 32 | to;
}

}  // namespace spreadable::detail
