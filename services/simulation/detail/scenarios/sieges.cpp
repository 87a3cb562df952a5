// Hostile nodes that begin to misbehave in a network that has known them for long.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "services/simulation/actors/dropper.h"
#include "services/simulation/actors/hanger.h"
#include "services/simulation/actors/liar.h"
#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"

namespace spreadable::detail {
namespace {

constexpr Duration kWarmUp = std::chrono::minutes{30};
constexpr double kWarmUpShare = 0.5;  // of the span, where that is short
/// What a coordinator allows its traversal by default, and what it may take beyond that.
constexpr Duration kBudget = std::chrono::seconds{4};
constexpr Duration kGrace = std::chrono::milliseconds{500};
constexpr double kFreeMin = 0.95;           // of honest nodes that must be rid of hostile ones
constexpr int kCountRefusedIntervals = 20;  // seldom, and well within a discouragement

/// Bounds of a siege.
struct Limits {
  double coverage_min = 0.99;
  Duration removed_within{};
  double size_error_max = 1;
};

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

/// Lets all actors turn and watches what becomes of the network until the span is over.
class Siege {
 public:
  explicit Siege(Experiment& experiment,
                 Experiment::Freedom freedom = Experiment::Freedom::from_presence)
      : experiment_(experiment), freedom_(freedom) {}

  void play() {
    begun_ = experiment_.world().elapsed();
    experiment_.mark("hostile nodes turn");
    experiment_.turn_actors();
    for (int i = 0; experiment_.left() > Duration::zero(); ++i) {
      experiment_.run_for(std::min(experiment_.left(), experiment_.interval() / 2));
      look();
      if (i % (2 * kCountRefusedIntervals) == 0) count_refused();
    }
    count_refused();
    experiment_.figures().false_bans =
        std::max<std::uint64_t>(experiment_.figures().false_bans, refused_);
    if (is_free_) experiment_.figures().removed_after_s = seconds(removed_after_);
  }

  void require(const Limits& limits) {
    ScenarioFigures& figures = experiment_.figures();
    experiment_.require_mean_coverage(limits.coverage_min);
    experiment_.require(figures.traversal_max_s.value_or(0) <= seconds(kBudget + kGrace),
                        "a traversal took longer than its budget and half a second");
    experiment_.require(
        is_free_ && removed_after_ <= limits.removed_within,
        is_free_ ? "hostile nodes were out after " + std::to_string(seconds(removed_after_)) + " s"
                 : "hostile nodes stayed: only " + std::to_string(100 * free_) +
                       " % of honest nodes were free of them at the end");
    experiment_.require(figures.size_error.value_or(0) <= limits.size_error_max,
                        "the network's size was off by " +
                            std::to_string(100 * figures.size_error.value_or(0)) + " %");
    experiment_.require(figures.aborted_syncs.value_or(0) == 0,
                        std::to_string(figures.aborted_syncs.value_or(0)) + " syncs were aborted");
    experiment_.require_no_false_bans();
  }

 private:
  void look() {
    const auto call = experiment_.call_roll(2 * experiment_.interval(), kBudget);
    experiment_.count(call);
    ScenarioFigures& figures = experiment_.figures();
    figures.traversal_max_s = std::max(figures.traversal_max_s.value_or(0), seconds(call.took));
    figures.size_error = std::max(figures.size_error.value_or(0), experiment_.size_error());
    figures.aborted_syncs =
        std::max(figures.aborted_syncs.value_or(0), experiment_.aborted_syncs());
    free_ = experiment_.share_free(freedom_);
    is_free_ = free_ >= kFreeMin;
    if (!is_free_) removed_after_ = experiment_.world().elapsed() - begun_;
  }

  void count_refused() { refused_ = std::max(refused_, experiment_.count_refused()); }

  Experiment& experiment_;
  const Experiment::Freedom freedom_;
  Duration begun_{};
  Duration removed_after_{};  ///< when they were last seen to be there
  double free_ = 0;
  bool is_free_ = false;
  std::size_t refused_ = 0;
};

/// Waits until the network has long settled.
bool warm_up(Experiment& experiment) {
  if (!form(experiment)) return false;
  const auto part = std::chrono::duration_cast<Duration>(kWarmUpShare * experiment.left());
  experiment.run_for(std::min(kWarmUp, part));
  return true;
}

/// A network with actors in `share` of its nodes, which has long settled.
bool prepare(Experiment& experiment, double share,
             const std::function<Experiment::ActorMaker()>& choose) {
  experiment.set_actors(share, choose);
  return warm_up(experiment);
}

template <class A, class... Args>
Experiment::ActorMaker maker(Args... args) {
  return [args...] { return std::make_unique<A>(args...); };
}

}  // namespace

void play_hang(Experiment& experiment, double share) {
  if (!prepare(experiment, share, [] { return maker<Hanger>(); })) return;
  Siege siege(experiment);
  siege.play();
  siege.require({.removed_within = std::chrono::seconds{240}});
}

void play_stall(Experiment& experiment, double share) {
  constexpr double kUnanswered = 0.9;
  if (!prepare(experiment, share, [] { return maker<Hanger>(kUnanswered); })) return;
  Siege siege(experiment, Experiment::Freedom::from_dependence);
  siege.play();
  siege.require({.removed_within = std::chrono::minutes{10}});
}

void play_lie(Experiment& experiment, double share) {
  Random& random = experiment.world().random();
  const auto choose = [&] { return maker<Liar>(kLies[random.below(kLies.size())]); };
  if (!prepare(experiment, share, choose)) return;
  Siege siege(experiment);
  siege.play();
  siege.require({.removed_within = std::chrono::minutes{30}, .size_error_max = 0.05});
}

void play_drop(Experiment& experiment, double share) {
  experiment.set_actors_everywhere(maker<Dropper>());
  if (!warm_up(experiment)) return;
  Simulation& world = experiment.world();
  std::vector<std::size_t> masters = experiment.present(Duration::zero());
  std::erase_if(masters,
                [&](std::size_t index) { return !world.node(index).peers().view()->is_master(); });
  world.random().shuffle(masters);
  masters.resize(static_cast<std::size_t>(std::ceil(share * static_cast<double>(masters.size()))));
  for (const std::size_t index : masters) experiment.name_hostile(index);
  Siege siege(experiment);
  siege.play();
  // While they are there a fifth of all lists is half hidden.
  siege.require({.coverage_min = 0.9, .removed_within = std::chrono::minutes{30}});
}

}  // namespace spreadable::detail
