// core/random.h: the only source of chance. Seeded from the operating system in production, from
// the run's seed in simulation, so that equal seeds give equal runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace spreadable {

/// Draws random numbers. Not for keys and tokens: those come from OpenSSL. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;

  /// Uniform over all 64-bit values.
  virtual std::uint64_t next() = 0;

  /// Uniform over 0 … bound - 1. Requires: bound > 0.
  std::size_t below(std::size_t bound);
  /// Uniform over [0, 1).
  double uniform();

  /// Puts `items` in random order.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
};

}  // namespace spreadable
