// services/approvals/committee.h: who votes. Pure functions that every node computes alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// The start of the period that `time_ms` lies in, both milliseconds since the epoch.
/// Requires: period_ms > 0. Source: protocol section 7.1.
[[nodiscard]] std::int64_t period_start(std::int64_t time_ms, std::int64_t period_ms);

/// `addresses` in the order in which they are asked to vote in the period that begins at
/// `period_start_ms`, each once: by the hash of address and period. Periods are known in advance, so
/// whoever owns many addresses can aim for a seat; this makes cheating dear, not impossible.
/// Source: protocol section 7.2.
[[nodiscard]] std::vector<std::string> approver_order(std::vector<std::string> addresses,
                                                      std::int64_t period_start_ms);

/// A number that depends on another: "auto" is the square root, "r-3" the third root (both rounded up),
/// "20%" a share rounded up, a number is itself.
class CountRule {
 public:
  /// Errc::invalid_argument that says what is expected.
  [[nodiscard]] static Result<CountRule> parse(const Json& value);
  [[nodiscard]] static CountRule root(unsigned degree) { return {Kind::root, double(degree)}; }
  [[nodiscard]] static CountRule percent(double share) { return {Kind::percent, share}; }

  /// The count out of `n`, between 1 and n. Requires: n > 0. Source: protocol section 5.2.
  [[nodiscard]] std::size_t of(std::size_t n) const;

 private:
  enum class Kind { root, percent, fixed };
  CountRule(Kind kind, double value) : kind_(kind), value_(value) {}

  Kind kind_;
  double value_;
};

}  // namespace spreadable
