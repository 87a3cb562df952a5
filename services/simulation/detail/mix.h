// services/simulation/detail/mix.h: numbers that look like chance but follow from others. Private
// to services/simulation.
#pragma once

#include <cstdint>

namespace spreadable::detail {

/// A hash of `state` and `value`; every bit of both counts. The finaliser of MurmurHash3.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t state, std::uint64_t value) {
  std::uint64_t z = state * 0x9e3779b97f4a7c15 ^ value;
  z = (z ^ (z >> 33)) * 0xff51afd7ed558ccd;
  z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53;
  return z ^ (z >> 33);
}

/// As a share: uniform over [0, 1).
[[nodiscard]] constexpr double unit(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

}  // namespace spreadable::detail
