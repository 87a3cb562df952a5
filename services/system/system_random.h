// services/system/system_random.h: chance for production and for runs that can be repeated.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/random.h"

namespace spreadable {

/// SplitMix64: equal seeds give equal sequences. One atomic addition per number, so threads never
/// wait for each other. Whoever sees one output can compute the next: not for secrets. Source:
/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() final;

 private:
  std::atomic<std::uint64_t> state_;
};

/// A SeededRandom whose seed comes from the operating system.
class SystemRandom final : public SeededRandom {
 public:
  /// Throws std::system_error when the operating system has no randomness to give.
  SystemRandom();
};

}  // namespace spreadable
