#include "bench/support/latencies.h"

#include <algorithm>
#include <cmath>

namespace spreadable::bench {
namespace {

double rounded(double value) {
  return std::round(value * 10) / 10;
}

}  // namespace

void Latencies::add(SteadyClock::time_point sent, SteadyClock::time_point answered) {
  if (answered <= begin_) return;
  last_ = std::max(last_, answered);
  micros_.push_back(std::chrono::duration<double, std::micro>(answered - sent).count());
}

Json Latencies::summary() const {
  std::vector<double> sorted = micros_;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    if (sorted.empty()) return 0.0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
    return rounded(sorted[std::min(index, sorted.size() - 1)]);
  };
  const double seconds = std::chrono::duration<double>(last_ - begin_).count();
  const double per_s = seconds > 0 ? static_cast<double>(sorted.size()) / seconds : 0;
  return {{"count", sorted.size()}, {"p50_us", at(0.5)}, {"p99_us", at(0.99)},
          {"min_us", at(0)},        {"max_us", at(1)},   {"per_s", rounded(per_s)}};
}

}  // namespace spreadable::bench
