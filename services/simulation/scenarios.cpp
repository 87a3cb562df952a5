// The table of scenarios. Their bounds are those that the project promises (docs/simulation.md).
#include <algorithm>
#include <array>
#include <utility>

#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/scenario.h"

namespace spreadable {
namespace {

using detail::Experiment;
using detail::ExperimentSetup;

constexpr std::size_t kNodesMin = 4;

struct Scenario {
  ScenarioInfo info;
  void (*play)(Experiment& experiment, double share);
  ExperimentSetup setup{};
};

using std::chrono::minutes;
constexpr ExperimentSetup kInternet{.is_public = true};
constexpr ExperimentSetup kVoting{.is_public = true, .approval_period = minutes{1}};
constexpr std::array<Scenario, 14> kScenarios{{
    {{"join", "all nodes start at once, then nothing happens", minutes{57}}, detail::play_join},
    {{"grow", "nodes come one after the other", minutes{60}}, detail::play_grow},
    {{"churn", "a share of the nodes leaves each minute, and as many come", minutes{30}, 0.01},
     detail::play_churn},
    {{"death", "a share of the nodes dies at once", minutes{20}, 0.1}, detail::play_death},
    {{"partition", "a share of the nodes is cut off for ten minutes", minutes{30}, 0.5},
     detail::play_partition},
    {{"loss", "a share of all packets gets lost", minutes{360}, 0.01}, detail::play_loss},
    {{"clock", "a share of the nodes has a date that is off by an hour", minutes{60}, 0.1},
     detail::play_clock},
    {{"hang", "a share of the nodes takes requests and never answers", minutes{50}, 0.2},
     detail::play_hang},
    {{"stall", "a share of the nodes answers one request in ten", minutes{60}, 0.2},
     detail::play_stall},
    {{"lie", "a share of the nodes lies about lists and sizes", minutes{75}, 0.2},
     detail::play_lie},
    {{"drop", "a share of the masters hides half of its slaves", minutes{75}, 0.2},
     detail::play_drop},
    {{"sybil", "one machine, and one neighbourhood, come with as many nodes as there are",
      minutes{60}},
     detail::play_sybil,
     kInternet},
    {{"vote", "a share of the nodes wants the votes, and one machine many seats", minutes{60}, 0.2},
     detail::play_vote,
     kVoting},
    {{"mixed", "whatever can go wrong does, then nothing any more", minutes{15}},
     detail::play_mixed},
}};

constexpr std::array<ScenarioInfo, kScenarios.size()> kInfos = [] {
  std::array<ScenarioInfo, kScenarios.size()> infos{};
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kScenarios[i].info;
  return infos;
}();

Error invalid(std::string message) {
  return {Errc::invalid_argument, std::move(message), {}};
}

}  // namespace

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
  Experiment experiment(options, options.span.value_or(found->info.span), found->setup);
  found->play(experiment, share);
  return experiment.finish();
}

}  // namespace spreadable
