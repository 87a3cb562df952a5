#include "core/budget.h"

#include <algorithm>
#include <numeric>

namespace spreadable {

std::optional<double> stage_share(std::optional<double> remaining_ms,
                                  std::span<const double> stages_ms, StageRules rules) {
  const bool has_stages = !(stages_ms.empty() || (stages_ms.size() == 1 && stages_ms[0] == 0));
  if (!remaining_ms) return has_stages ? std::optional(stages_ms[0]) : std::nullopt;
  const double left = *remaining_ms;
  if (!has_stages) return left;
  const double sum = std::accumulate(stages_ms.begin(), stages_ms.end(), 0.0);
  double share = sum > left ? stages_ms[0] * left / sum : stages_ms[0];
  share = std::min(share, stages_ms[0]);
  if (rules.grabs_free && left > sum) share += (left - sum) / static_cast<double>(stages_ms.size());
  if (rules.min_ms > 0 && share < rules.min_ms) share = rules.min_ms;
  return std::max(std::min(share, left), 0.0);
}

}  // namespace spreadable
