// core/count_rule.h: a number that depends on the size of the network.
#pragma once

#include <cstddef>

#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// A number that depends on another: "auto" is the square root, "r-3" the third root (both rounded
/// up), "20%" a share rounded up, a number is itself.
class CountRule {
 public:
  /// Errc::invalid_argument that says what is expected.
  [[nodiscard]] static Result<CountRule> parse(const Json& value);
  [[nodiscard]] static CountRule root(unsigned degree) { return {Kind::root, double(degree)}; }
  [[nodiscard]] static CountRule percent(double share) { return {Kind::percent, share}; }
  [[nodiscard]] static CountRule fixed(double count) { return {Kind::fixed, count}; }

  /// The count out of `n`, between 1 and n. Requires: n > 0. Source: protocol section 5.2.
  [[nodiscard]] std::size_t of(std::size_t n) const;

 private:
  enum class Kind { root, percent, fixed };
  CountRule(Kind kind, double value) : kind_(kind), value_(value) {}

  Kind kind_;
  double value_;
};

}  // namespace spreadable
