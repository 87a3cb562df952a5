// services/simulation/statistics.h: the little statistics that experiments with chance need.
#pragma once

#include <cstddef>
#include <vector>

namespace spreadable {

/// Of `population` things `marked` are marked; `drawn` are drawn: the probability of exactly `hits`
/// marked.
struct Hypergeometric {
  std::size_t population = 0;
  std::size_t marked = 0;
  std::size_t drawn = 0;

  [[nodiscard]] double exactly(std::size_t hits) const;
  [[nodiscard]] double at_least(std::size_t hits) const;
};

/// The probability that chi-square with that many degrees of freedom is `statistic` or more.
[[nodiscard]] double chi_square_tail(double statistic, double degrees);

/// Chi-square's p value of `observed` against `expected` counts; cells that expect fewer than five
/// are put together with their neighbours.
[[nodiscard]] double fit(const std::vector<double>& observed, const std::vector<double>& expected);

}  // namespace spreadable
