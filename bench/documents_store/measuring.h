// bench/documents_store/measuring.h: how long things take, and what is promised of them.
#pragma once

#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace spreadable::bench {

/// What a call gives, which must have gone well. Throws std::runtime_error with its error.
template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
void need(const Result<void>& result);

/// The time that passes.
[[nodiscard]] double millis_of(const std::function<void()>& work);
/// The time that this thread has a processor.
[[nodiscard]] double processor_millis_of(const std::function<void()>& work);

struct Times {
  double p50, p99, longest;
};
/// Requires: `millis` is not empty.
[[nodiscard]] Times summary(std::vector<double> millis);

/// To three digits behind the point.
[[nodiscard]] double rounded(double value);

/// The number after `name` in /proc/self/status, in MiB. Throws std::runtime_error when there is
/// none.
[[nodiscard]] double memory_mib(std::string_view name);

/// Prints figures as lines of JSON, and remembers whether all kept their limits. For one thread.
class Report {
 public:
  void print(const char* what, Json figures);
  /// Figures of which `value` must stay below `limit`.
  void check(const char* what, Json figures, double value, double limit);
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  bool passed_ = true;
};

}  // namespace spreadable::bench
