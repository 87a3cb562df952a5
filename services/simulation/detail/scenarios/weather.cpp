// Networks and clocks that fail, and nodes that do not.
#include <string>
#include <utility>
#include <vector>

#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"

namespace spreadable::detail {

void play_partition(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  experiment.run_for(4 * experiment.interval());
  Simulation& world = experiment.world();
  const std::size_t nodes = world.size();
  std::vector<MachineId> machines = world.machines(0, nodes);
  world.random().shuffle(machines);
  const auto border = static_cast<std::size_t>(share * static_cast<double>(nodes));
  experiment.mark("cut");
  world.network().cut(std::span(machines).first(border), std::span(machines).subspan(border));
  experiment.run_for(std::chrono::minutes{10});
  experiment.mark("healed");
  world.network().heal();
  require_settled_within(experiment, 10);
  experiment.require_no_false_bans();
}

void play_loss(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  experiment.mark("packets get lost");
  NetworkConditions conditions = experiment.world().network().conditions();
  conditions.loss = share;
  experiment.world().network().set_conditions(conditions);
  experiment.watch(experiment.left(), experiment.interval());
  experiment.require_mean_coverage(share <= 0.01 ? 0.999 : share <= 0.05 ? 0.995 : 0.97);
  const double bans_max =
      share <= 0.05 ? 0 : 0.001 * static_cast<double>(experiment.world().size());
  experiment.require(
      static_cast<double>(experiment.figures().false_bans) <= bans_max,
      "there were " + std::to_string(experiment.figures().false_bans) + " false bans");
}

void play_clock(Experiment& experiment, double share) {
  Simulation& world = experiment.world();
  const auto wrong = static_cast<std::size_t>(share * static_cast<double>(world.size()));
  const auto offset = [&] {
    const Millis hour = std::chrono::hours{1};
    return world.random().below(2) == 0 ? hour : -hour;
  };
  // Half of them are wrong from the beginning; the others jump while the network is at work.
  for (std::size_t i = 0; i < wrong / 2; ++i) {
    world.set_wall_offset(world.random().below(world.size()), offset());
  }
  if (!form(experiment)) return;
  experiment.watch(experiment.left() / 2, experiment.interval());
  for (const std::size_t index : experiment.pick(wrong - wrong / 2, 0)) {
    world.set_wall_offset(index, offset());
  }
  experiment.watch(experiment.left(), experiment.interval());
  experiment.require_mean_coverage(0.999);
  experiment.require_no_false_bans();
}

}  // namespace spreadable::detail
