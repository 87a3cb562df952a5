// One owner with very many nodes on one machine, and in one neighbourhood of the internet.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "services/simulation/actors/colluder.h"
#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"

namespace spreadable::detail {
namespace {

constexpr Duration kWarmUp = std::chrono::minutes{30};
constexpr double kWarmUpShare = 0.3;  // of the span, where that is short
constexpr std::size_t kNeighbours = 256;
constexpr std::size_t kInListMax = 2;
constexpr std::size_t kInTraversalMax = 10;
/// They come over so many intervals.
constexpr int kArrivalIntervals = 4;

/// Nodes of one place, numbered from `begin` to `end` - 1.
struct Crowd {
  std::string name;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t in_list_max = 0;
  std::size_t in_traversal_max = 0;

  [[nodiscard]] bool has(std::size_t index) const { return index >= begin && index < end; }
};

/// Two crowds of colluders that join a network, and how far they get.
class Invasion {
 public:
  explicit Invasion(Experiment& experiment) : experiment_(experiment) {
    Simulation& world = experiment_.world();
    const std::size_t honest = world.size();
    crowds_[0] = {.name = "machine", .begin = honest};
    world.add_at(*IpAddress::parse("9.9.1.7"), honest);
    crowds_[0].end = world.size();
    crowds_[1] = {.name = "neighbourhood", .begin = world.size()};
    for (std::size_t i = 0; i < std::min(kNeighbours, honest); ++i) {
      world.add_at(*IpAddress::parse("9.9.2." + std::to_string(i)), 1);
    }
    crowds_[1].end = world.size();
    const auto ring = std::make_shared<Ring>();
    for (std::size_t i = honest; i < world.size(); ++i) {
      ring->insert(world.address(i));
      experiment_.set_actor(i, [ring] { return std::make_unique<Colluder>(ring); });
      experiment_.set_careless(i);
    }
  }

  void arrive() {
    Simulation& world = experiment_.world();
    const std::size_t count = world.size() - crowds_[0].begin;
    const Duration pause =
        kArrivalIntervals * experiment_.interval() / static_cast<std::int64_t>(count);
    experiment_.mark("sybils come");
    for (std::size_t i = crowds_[0].begin; i < world.size(); ++i) {
      experiment_.start(i);
      world.actor(i)->turn();
      experiment_.run_for(pause);
    }
  }

  void look() {
    Simulation& world = experiment_.world();
    const auto call = experiment_.call_roll(2 * experiment_.interval());
    experiment_.count(call);
    for (Crowd& crowd : crowds_) {
      const auto seen = std::count_if(call.seen.begin(), call.seen.end(),
                                      [&](std::size_t index) { return crowd.has(index); });
      crowd.in_traversal_max = std::max(crowd.in_traversal_max, static_cast<std::size_t>(seen));
      for (const std::size_t index : experiment_.honest()) {
        const auto view = world.node(index).peers().view();
        const auto listed =
            std::count_if(view->slaves.begin(), view->slaves.end(), [&](const Address& slave) {
              const auto number = world.index_of(slave);
              return number && crowd.has(*number);
            });
        crowd.in_list_max = std::max(crowd.in_list_max, static_cast<std::size_t>(listed));
      }
    }
  }

  void require() {
    ScenarioFigures& figures = experiment_.figures();
    figures.sybils_in_list_max = 0;
    figures.sybils_in_traversal_max = 0;
    for (const Crowd& crowd : crowds_) {
      figures.sybils_in_list_max = std::max(*figures.sybils_in_list_max, crowd.in_list_max);
      figures.sybils_in_traversal_max =
          std::max(*figures.sybils_in_traversal_max, crowd.in_traversal_max);
      experiment_.require(
          crowd.in_list_max <= kInListMax,
          "a list had " + std::to_string(crowd.in_list_max) + " nodes of one " + crowd.name);
      experiment_.require(crowd.in_traversal_max <= kInTraversalMax,
                          "a traversal had " + std::to_string(crowd.in_traversal_max) +
                              " nodes of one " + crowd.name);
    }
    experiment_.require_mean_coverage(0.99);
    experiment_.require_no_false_bans();
  }

 private:
  Experiment& experiment_;
  std::array<Crowd, 2> crowds_;
};

}  // namespace

void play_sybil(Experiment& experiment, double /*share*/) {
  if (!form(experiment)) return;
  const auto part = std::chrono::duration_cast<Duration>(kWarmUpShare * experiment.left());
  experiment.run_for(std::min(kWarmUp, part));
  Invasion invasion(experiment);
  invasion.arrive();
  while (experiment.left() > Duration::zero()) {
    experiment.run_for(std::min(experiment.left(), experiment.interval()));
    invasion.look();
  }
  invasion.require();
}

}  // namespace spreadable::detail
