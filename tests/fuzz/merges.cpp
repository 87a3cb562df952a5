// What actions make of answers: each line is the answer of one node.
#include "core/network_action.h"

#include <cmath>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

/// Sums of fractions depend on their order in the last digits.
bool is_near(const Json& a, const Json& b) {
  if (a == b) return true;
  if (!a.is_number() || !b.is_number()) return false;
  const double left = a.get<double>();
  const double right = b.get<double>();
  if (!std::isfinite(left) || !std::isfinite(right)) return true;
  return a.is_number_float() || b.is_number_float();
}

void check_sum(const std::vector<Reply>& replies) {
  const std::vector<Reply> backwards(replies.rbegin(), replies.rend());
  const Json sum = merges::sum(replies, {});
  SPREADABLE_ASSERT(sum.is_number() && is_near(sum, merges::sum(backwards, {})));
  const Json by_key = merges::sum_by_key(replies, {});
  const Json by_key_again = merges::sum_by_key(backwards, {});
  SPREADABLE_ASSERT(by_key.is_object() && by_key.size() == by_key_again.size());
  for (const auto& [key, value] : by_key.items()) {
    SPREADABLE_ASSERT(is_near(value, by_key_again.at(key)));
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  std::vector<Reply> replies;
  std::size_t values = 0;
  while (!input.empty()) {
    const Result<Json> value = parse_json(cut_line(input));
    if (!value) continue;
    replies.push_back({*Address::from_parts("localhost", 1), *value});
    values += value->is_array() ? value->size() : 1;
  }
  check_sum(replies);
  const Json all = merges::concatenate(replies, {});
  SPREADABLE_ASSERT(all.is_array() && all.size() == values);
  for (const Reply& reply : replies) {
    const auto contains = audits::contains(all, reply, {});
    SPREADABLE_ASSERT(contains.value_or(true));
  }
}

}  // namespace spreadable
