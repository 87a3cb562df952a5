// bench/support/latencies.h: what a load client has measured.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "core/json.h"

namespace spreadable::bench {

using SteadyClock = std::chrono::steady_clock;

/// How long requests took that were answered while it was measured, which is from `begin` on.
class Latencies {
 public:
  explicit Latencies(SteadyClock::time_point begin) : begin_(begin), last_(begin) {}

  /// A request sent at `sent` was answered at `answered`.
  void add(SteadyClock::time_point sent, SteadyClock::time_point answered);
  /// `{count, p50_us, p99_us, min_us, max_us, per_s}`; zeros when nothing was measured.
  [[nodiscard]] Json summary() const;

 private:
  const SteadyClock::time_point begin_;
  SteadyClock::time_point last_;
  std::vector<double> micros_;
};

}  // namespace spreadable::bench
