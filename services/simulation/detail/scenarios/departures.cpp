// Nodes that leave, one by one or many at once.
#include <algorithm>
#include <cmath>
#include <string>

#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"

namespace spreadable::detail {

void play_churn(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  const auto each_minute =
      std::max(1.0, std::round(share * static_cast<double>(experiment.world().size())));
  const auto pause = std::chrono::duration_cast<Duration>(std::chrono::minutes{1} / each_minute);
  Duration next_look = experiment.world().elapsed();
  while (experiment.left() > Duration::zero()) {
    for (const std::size_t leaver : experiment.pick(1, 1)) experiment.end_somehow(leaver);
    experiment.start(experiment.world().size());
    experiment.run_for(pause);
    if (experiment.world().elapsed() < next_look) continue;
    next_look = experiment.world().elapsed() + experiment.interval() / 2;
    experiment.count(experiment.call_roll(2 * experiment.interval()));
  }
  experiment.require_mean_coverage(0.999);
  experiment.require(experiment.figures().coverage_min.value_or(0) >= 0.98,
                     "the worst traversal reached less than 98 %");
  experiment.require_no_false_bans();
}

void play_death(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  experiment.run_for(4 * experiment.interval());
  Simulation& world = experiment.world();
  experiment.mark("deaths");
  const auto dead = static_cast<std::size_t>(share * static_cast<double>(world.count_up()));
  for (const std::size_t index : experiment.pick(dead, 0)) {
    world.crash(index, world.random().below(2) == 0 ? Death::process : Death::machine);
  }
  const int mostly_within = share <= 0.1 ? 4 : 15;
  const int wholly_within = share <= 0.1 ? 8 : 25;
  const Duration begun = world.elapsed();
  Duration mostly_at{};  // when the last traversal below 99 % was
  Duration wholly_at{};
  while (world.elapsed() - begun < 2 * wholly_within * experiment.interval()) {
    experiment.run_for(experiment.interval() / 4);
    const Experiment::RollCall call = experiment.call_roll();
    experiment.count(call);
    if (call.coverage() < 0.99) mostly_at = world.elapsed() - begun;
    if (call.coverage() < 1) wholly_at = world.elapsed() - begun;
  }
  experiment.figures().converged_after_intervals = experiment.intervals(wholly_at);
  experiment.require(mostly_at <= mostly_within * experiment.interval(),
                     "coverage of the living was below 99 % for " +
                         std::to_string(experiment.intervals(mostly_at)) + " intervals");
  experiment.require(wholly_at <= wholly_within * experiment.interval(),
                     "coverage of the living was below 100 % for " +
                         std::to_string(experiment.intervals(wholly_at)) + " intervals");
  experiment.require_no_false_bans();
}

}  // namespace spreadable::detail
