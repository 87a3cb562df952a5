#include "services/simulation/statistics.h"

#include <algorithm>
#include <cmath>

#include "core/assert.h"

namespace spreadable {
namespace {

constexpr int kStepsMax = 10'000;
constexpr double kPrecision = 1e-14;

double log_choose(std::size_t n, std::size_t k) {
  const auto log_factorial = [](std::size_t of) {
    return std::lgamma(static_cast<double>(of) + 1);
  };
  return log_factorial(n) - log_factorial(k) - log_factorial(n - k);
}

/// The lower regularised gamma function by its series; good for x < a + 1.
double gamma_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int i = 1; i < kStepsMax && term > sum * kPrecision; ++i) {
    term *= x / (a + i);
    sum += term;
  }
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

/// The upper one by its continued fraction (Lentz); good for the rest.
double gamma_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double h = d;
  for (int i = 1; i < kStepsMax; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    h *= d * c;
    if (std::abs(d * c - 1) < kPrecision) break;
  }
  return h * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

}  // namespace

double Hypergeometric::exactly(std::size_t hits) const {
  if (hits > marked || hits > drawn || drawn - hits > population - marked) return 0;
  return std::exp(log_choose(marked, hits) + log_choose(population - marked, drawn - hits) -
                  log_choose(population, drawn));
}

double Hypergeometric::at_least(std::size_t hits) const {
  double sum = 0;
  for (std::size_t i = drawn + 1; i-- > hits;) sum += exactly(i);  // the smallest terms first
  return sum;
}

double chi_square_tail(double statistic, double degrees) {
  SPREADABLE_ASSERT(degrees > 0);
  if (statistic <= 0) return 1;
  const double a = degrees / 2;
  const double x = statistic / 2;
  return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

double fit(const std::vector<double>& observed, const std::vector<double>& expected) {
  SPREADABLE_ASSERT(observed.size() == expected.size());
  constexpr double kExpectedMin = 5;
  struct Cell {
    double seen = 0;
    double expected = 0;
  };
  std::vector<Cell> cells(1);
  for (std::size_t i = 0; i < observed.size(); ++i) {
    if (cells.back().expected >= kExpectedMin) cells.emplace_back();
    cells.back().seen += observed[i];
    cells.back().expected += expected[i];
  }
  if (cells.size() > 1 &&
      cells.back().expected < kExpectedMin) {  // the rest joins the last full one
    const Cell rest = cells.back();
    cells.pop_back();
    cells.back().seen += rest.seen;
    cells.back().expected += rest.expected;
  }
  double statistic = 0;
  for (const Cell& cell : cells) {
    statistic += (cell.seen - cell.expected) * (cell.seen - cell.expected) / cell.expected;
  }
  return chi_square_tail(statistic, static_cast<double>(cells.size()) - 1);
}

}  // namespace spreadable
