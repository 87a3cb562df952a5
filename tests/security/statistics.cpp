#include "tests/security/statistics.h"

#include <cmath>

namespace spreadable::sectest {

void Welch::add(std::size_t sample, double value) {
  Sample& to = samples_[sample];
  to.count += 1;
  const double distance = value - to.mean;
  to.mean += distance / to.count;
  to.squares += distance * (value - to.mean);
}

double Welch::t() const {
  const Sample& a = samples_[0];
  const Sample& b = samples_[1];
  if (a.count < 2 || b.count < 2) return 0;
  const double variance = a.squares / (a.count - 1) / a.count + b.squares / (b.count - 1) / b.count;
  return variance > 0 ? (a.mean - b.mean) / std::sqrt(variance) : 0;
}

}  // namespace spreadable::sectest
