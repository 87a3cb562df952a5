// The scenarios. Their bounds are those that the project promises (docs/world.md).
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "services/simulation/detail/experiment.h"
#include "services/simulation/detail/hex.h"
#include "services/simulation/scenario.h"

namespace spreadable {
namespace {

using detail::Experiment;

constexpr std::size_t kNodesMin = 4;

/// Sync intervals that a crowd of that size may take to become a network.
int join_intervals_max(std::size_t nodes) {
  if (nodes <= 1'000) return 12;
  return nodes <= 10'000 ? 16 : 24;
}

std::string percent(double share) {
  return std::to_string(100 * share) + " %";
}

/// Waits until the network has formed; whatever else the scenario is about begins then.
bool form(Experiment& experiment) {
  experiment.start_all();
  const std::size_t nodes = experiment.world().size();
  const auto took = experiment.settle(2 * join_intervals_max(nodes) * experiment.interval());
  experiment.require(took.has_value(), "the network never formed");
  return took.has_value();
}

/// Requires that the network is right again within `intervals_max`, and notes when it was.
void require_settled_within(Experiment& experiment, int intervals_max) {
  const auto took = experiment.settle(3 * intervals_max * experiment.interval());
  if (took) experiment.figures().converged_after_intervals = experiment.intervals(*took);
  experiment.require(
      took && *took <= intervals_max * experiment.interval(),
      "not one right network within " + std::to_string(intervals_max) + " intervals");
}

void require_mean_coverage(Experiment& experiment, double least) {
  const double mean = experiment.figures().coverage_mean.value_or(0);
  experiment.require(mean >= least,
                     "mean coverage is " + percent(mean) + ", below " + percent(least));
}

void require_flawless(Experiment& experiment) {
  const ScenarioFigures& figures = experiment.figures();
  experiment.require(figures.coverage_min.value_or(1) >= 1, "a traversal missed a node");
  experiment.require(figures.duplicates.value_or(0) == 0, "a node answered twice");
}

/// Watches a network in which nothing goes on until the span is over.
void require_calm(Experiment& experiment) {
  // What settling has set off may come to rest first.
  experiment.run_for(std::min(experiment.left(), 4 * experiment.interval()));
  experiment.begin_measuring();
  experiment.run_for(std::min(experiment.left(), 8 * experiment.interval()));
  experiment.end_measuring();  // before roll calls, which are not the network's own traffic
  experiment.watch(experiment.left(), 10 * experiment.interval());
  const auto allowed = static_cast<double>(experiment.world().count_up()) / 1'000;
  experiment.require(static_cast<double>(experiment.role_changes_max()) <= allowed,
                     std::to_string(experiment.role_changes_max()) +
                         " nodes changed their role within one interval");
  require_flawless(experiment);
  experiment.require_settled_bounds();
}

void join(Experiment& experiment, double /*share*/) {
  experiment.start_all();
  require_settled_within(experiment, join_intervals_max(experiment.world().size()));
  require_calm(experiment);
}

void grow(Experiment& experiment, double /*share*/) {
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

void churn(Experiment& experiment, double share) {
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
  require_mean_coverage(experiment, 0.999);
  experiment.require(experiment.figures().coverage_min.value_or(0) >= 0.98,
                     "the worst traversal reached less than 98 %");
  experiment.require_no_false_bans();
}

void death(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  experiment.run_for(4 * experiment.interval());
  Simulation& world = experiment.world();
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

void partition(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  experiment.run_for(4 * experiment.interval());
  Simulation& world = experiment.world();
  const std::size_t nodes = world.size();
  std::vector<MachineId> machines = world.machines(0, nodes);
  world.random().shuffle(machines);
  const auto border = static_cast<std::size_t>(share * static_cast<double>(nodes));
  world.network().cut(std::span(machines).first(border), std::span(machines).subspan(border));
  experiment.run_for(std::chrono::minutes{10});
  world.network().heal();
  require_settled_within(experiment, 10);
  experiment.require_no_false_bans();
}

void loss(Experiment& experiment, double share) {
  if (!form(experiment)) return;
  NetworkConditions conditions = experiment.world().network().conditions();
  conditions.loss = share;
  experiment.world().network().set_conditions(conditions);
  experiment.watch(experiment.left(), experiment.interval());
  require_mean_coverage(experiment, share <= 0.01 ? 0.999 : share <= 0.05 ? 0.995 : 0.97);
  const double bans_max =
      share <= 0.05 ? 0 : 0.001 * static_cast<double>(experiment.world().size());
  experiment.require(
      static_cast<double>(experiment.figures().false_bans) <= bans_max,
      "there were " + std::to_string(experiment.figures().false_bans) + " false bans");
}

void clock(Experiment& experiment, double share) {
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
  require_mean_coverage(experiment, 0.999);
  experiment.require_no_false_bans();
}

struct Scenario {
  ScenarioInfo info;
  void (*play)(Experiment& experiment, double share);
};

using std::chrono::minutes;
constexpr std::array<Scenario, 7> kScenarios{{
    {{"join", "all nodes start at once, then nothing happens", minutes{57}}, join},
    {{"grow", "nodes come one after the other", minutes{60}}, grow},
    {{"churn", "a share of the nodes leaves each minute, and as many come", minutes{30}, 0.01},
     churn},
    {{"death", "a share of the nodes dies at once", minutes{20}, 0.1}, death},
    {{"partition", "a share of the nodes is cut off for ten minutes", minutes{30}, 0.5}, partition},
    {{"loss", "a share of all packets gets lost", minutes{360}, 0.01}, loss},
    {{"clock", "a share of the nodes has a date that is off by an hour", minutes{60}, 0.1}, clock},
}};

constexpr std::array<ScenarioInfo, kScenarios.size()> kInfos = [] {
  std::array<ScenarioInfo, kScenarios.size()> infos{};
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kScenarios[i].info;
  return infos;
}();

Error invalid(std::string message) {
  return {Errc::invalid_argument, std::move(message), {}};
}

template <class T>
Json json_of(const std::optional<T>& figure) {
  return figure ? Json(*figure) : Json();
}

}  // namespace

Json ScenarioFigures::to_json() const {
  return {{"scenario", scenario},
          {"nodes", nodes},
          {"seed", seed},
          {"ok", is_ok()},
          {"converged_after_intervals", json_of(converged_after_intervals)},
          {"coverage_mean", json_of(coverage_mean)},
          {"coverage_min", json_of(coverage_min)},
          {"duplicates", json_of(duplicates)},
          {"masters", masters},
          {"list_max", list_max},
          {"messages_per_node_interval", json_of(messages_per_node_interval)},
          {"bytes_per_node_interval", json_of(bytes_per_node_interval)},
          {"false_bans", false_bans},
          {"removed_after_s", json_of(removed_after_s)},
          {"digest", detail::hex(digest)},
          {"missed", missed}};
}

std::span<const ScenarioInfo> scenario_table() {
  return kInfos;
}

Result<ScenarioFigures> run_scenario(const ScenarioOptions& options) {
  const auto found =
      std::find_if(kScenarios.begin(), kScenarios.end(),
                   [&](const Scenario& scenario) { return scenario.info.name == options.name; });
  if (found == kScenarios.end()) return invalid("there is no scenario \"" + options.name + "\"");
  if (options.nodes < kNodesMin) return invalid("a scenario needs 4 nodes or more");
  const double share = options.share.value_or(found->info.share);
  if (options.share && found->info.share == 0) {
    return invalid("scenario \"" + options.name + "\" has no share");
  }
  if (!(share >= 0 && share < 1)) return invalid("a share is at least 0 and below 1");
  Experiment experiment(options, options.span.value_or(found->info.span));
  found->play(experiment, share);
  return experiment.finish();
}

}  // namespace spreadable
