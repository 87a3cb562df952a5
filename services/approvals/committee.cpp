#include "services/approvals/committee.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "core/assert.h"
#include "core/data_hash.h"

namespace spreadable {
namespace {

constexpr double kRootDegreeMax = 64;

/// The number that makes up all of `text`.
std::optional<double> number_of(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(number)) return {};
  return number;
}

}  // namespace

std::int64_t period_start(std::int64_t time_ms, std::int64_t period_ms) {
  SPREADABLE_ASSERT(period_ms > 0);
  const std::int64_t rest = time_ms % period_ms;
  return time_ms - (rest < 0 ? rest + period_ms : rest);
}

std::vector<std::string> approver_order(std::vector<std::string> addresses,
                                        std::int64_t period_start_ms) {
  const std::string period = std::to_string(period_start_ms);
  std::vector<std::pair<std::string, std::string>> hashed;
  hashed.reserve(addresses.size());
  for (std::string& address : addresses) {
    const std::array parts{address, period};
    hashed.emplace_back(data_hash(parts), std::move(address));
  }
  std::sort(hashed.begin(), hashed.end());
  hashed.erase(std::unique(hashed.begin(), hashed.end()), hashed.end());
  std::vector<std::string> order;
  order.reserve(hashed.size());
  for (auto& [hash, address] : hashed) order.push_back(std::move(address));
  return order;
}

Result<CountRule> CountRule::parse(const Json& value) {
  const Error refusal{Errc::invalid_argument, R"(expected "auto", "r-<degree>", "<share>%" or a number)",
                      {}};
  if (value.is_number() && value.get<double>() > 0) return CountRule(Kind::fixed, value.get<double>());
  if (!value.is_string()) return refusal;
  auto text = value.get<std::string>();
  if (text == "auto") return root(2);
  const bool is_root = text.starts_with("r-");
  const bool is_percent = text.ends_with('%');
  if (is_root) text.erase(0, 2);
  if (is_percent) text.pop_back();
  const auto number = number_of(text);
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
