// Networks that form and are left alone then.
#include <algorithm>
#include <string>

#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"

namespace spreadable::detail {
namespace {

/// Watches a network in which nothing goes on until the span is over.
void require_calm(Experiment& experiment) {
  // What settling has set off may come to rest first.
  experiment.run_for(std::min(experiment.left(), 4 * experiment.interval()));
  experiment.begin_measuring();
  experiment.run_for(std::min(experiment.left(), 8 * experiment.interval()));
  experiment.end_measuring();  // before roll calls, which are not the network's own traffic
  const ScenarioFigures& figures = experiment.figures();
  const std::uint64_t duplicates_before = figures.duplicates.value_or(0);  // while nodes moved
  experiment.watch(experiment.left(), 10 * experiment.interval());
  experiment.require(figures.coverage_min.value_or(1) >= 1, "a traversal missed a node");
  experiment.require(figures.duplicates.value_or(0) == duplicates_before, "a node answered twice");
  const auto allowed = static_cast<double>(experiment.world().count_up()) / 1'000;
  experiment.require(static_cast<double>(experiment.role_changes_max()) <= allowed,
                     std::to_string(experiment.role_changes_max()) +
                         " nodes changed their role within one interval");
  experiment.require_settled_bounds();
}

}  // namespace

void play_join(Experiment& experiment, double /*share*/) {
  experiment.start_all();
  require_settled_within(experiment, join_intervals_max(experiment.world().size()));
  require_calm(experiment);
}

void play_grow(Experiment& experiment, double /*share*/) {
  // Half of the span: the rate at which nodes come follows from their number.
  const std::size_t nodes = experiment.world().size();
  const Duration pause = experiment.left() / 2 / static_cast<int>(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    experiment.start(i);
    experiment.run_for(pause);
    const bool is_time_to_look = (i + 1) % std::max<std::size_t>(1, nodes / 50) == 0;
    if (is_time_to_look) experiment.count(experiment.call_roll(2 * experiment.interval()));
  }
  require_settled_within(experiment, 12);
  require_calm(experiment);
}

}  // namespace spreadable::detail
