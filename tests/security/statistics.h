// tests/security/statistics.h: the statistics that only security checks need.
#pragma once

#include <cstddef>

#include "services/simulation/statistics.h"

namespace spreadable::sectest {

/// Welch's t of two samples, which tells whether their means differ; 0 while one has fewer than two
/// values. Source: B. L. Welch, Biometrika 34, 1947.
class Welch {
 public:
  void add(std::size_t sample, double value);
  [[nodiscard]] double t() const;

 private:
  struct Sample {
    double count = 0;
    double mean = 0;
    double squares = 0;  ///< sum of squared distances from the mean (Welford's method)
  };
  Sample samples_[2];
};

}  // namespace spreadable::sectest
