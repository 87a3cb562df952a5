#include "core/count_rule.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/assert.h"
#include "core/units.h"

namespace spreadable {
namespace {

constexpr double kRootDegreeMax = 64;

}  // namespace

Result<CountRule> CountRule::parse(const Json& value) {
  const Error refusal{
      Errc::invalid_argument, R"(expected "auto", "r-<degree>", "<share>%" or a number)", {}};
  if (value.is_number() && value.get<double>() > 0)
    return CountRule(Kind::fixed, value.get<double>());
  if (!value.is_string()) return refusal;
  auto text = value.get<std::string>();
  if (text == "auto") return root(2);
  const bool is_root = text.starts_with("r-");
  const bool is_percent = text.ends_with('%');
  if (is_root) text.erase(0, 2);
  if (is_percent) text.pop_back();
  const auto number = parse_number(text);
  if (!number || *number <= 0 || is_root == is_percent) return refusal;
  if (is_percent) return percent(*number);
  if (*number < 1 || *number > kRootDegreeMax) return refusal;
  return CountRule(Kind::root, *number);
}

std::size_t CountRule::of(std::size_t n) const {
  SPREADABLE_ASSERT(n > 0);
  const auto whole = static_cast<double>(n);
  double count = value_;
  if (kind_ == Kind::root) count = std::ceil(std::pow(whole, 1 / value_) - 1e-9);
  if (kind_ == Kind::percent) count = std::ceil(whole * value_ / 100);
  return static_cast<std::size_t>(std::clamp(count, 1.0, whole));
}

}  // namespace spreadable
