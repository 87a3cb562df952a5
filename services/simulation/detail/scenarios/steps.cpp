#include "services/simulation/detail/scenarios/steps.h"

#include <string>

namespace spreadable::detail {

int join_intervals_max(std::size_t nodes) {
  if (nodes <= 1'000) return 12;
  return nodes <= 10'000 ? 16 : 24;
}

bool form(Experiment& experiment) {
  experiment.start_all();
  const std::size_t nodes = experiment.world().size();
  const auto took = experiment.settle(2 * join_intervals_max(nodes) * experiment.interval());
  experiment.require(took.has_value(), "the network never formed");
  return took.has_value();
}

void require_settled_within(Experiment& experiment, int intervals_max) {
  const auto took = experiment.settle(3 * intervals_max * experiment.interval());
  if (took) experiment.figures().converged_after_intervals = experiment.intervals(*took);
  experiment.require(
      took && *took <= intervals_max * experiment.interval(),
      "not one right network within " + std::to_string(intervals_max) + " intervals");
}

}  // namespace spreadable::detail
