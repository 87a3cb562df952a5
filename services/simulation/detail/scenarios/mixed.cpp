// Whatever can go wrong does, with hostile nodes among the honest ones; what must always hold is
// checked all the time. Then the faults stop, and the network must come right.
#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/behaviours/behaviours.h"
#include "services/simulation/actors/alterer.h"
#include "services/simulation/actors/colluder.h"
#include "services/simulation/actors/dropper.h"
#include "services/simulation/actors/framer.h"
#include "services/simulation/actors/hanger.h"
#include "services/simulation/actors/liar.h"
#include "services/simulation/detail/scenarios/ledger.h"
#include "services/simulation/detail/scenarios/nemesis.h"
#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"

namespace spreadable::detail {
namespace {

constexpr double kHostileMax = 0.2;
constexpr int kConvergedWithin = 10;  // intervals after the faults
/// Of the span that is left: the rest is for coming right.
constexpr double kFaultyShare = 0.6;
constexpr Duration kBudget = std::chrono::seconds{4};
/// A deadline is the coordinator's own, whose clock may be off by a hundredth.
constexpr Duration kBudgetGrace = std::chrono::milliseconds{50};
constexpr int kRollCallSeconds = 5;

Result<void> violated(std::string what) {
  return Error{Errc::internal, std::move(what), {}};
}

/// What holds of each view that a node publishes, whatever it is told.
Result<void> check_view(const PeerView& view, std::size_t nodes) {
  const MasterEntry* const own = view.find_master(view.self);
  if (view.is_master() && (!own || own->size != view.slaves.size())) {
    return violated("its own entry does not tell the length of its list");
  }
  if (!view.is_master() && own) return violated("it names itself as a master and has no slaves");
  if (view.has_slave(view.self)) return violated("it is its own slave");
  if (view.backlink == view.self) return violated("it is its own master");
  if (view.slaves.size() >= nodes) return violated("its list is longer than the network");
  if (std::set<Address>(view.slaves.begin(), view.slaves.end()).size() != view.slaves.size()) {
    return violated("it lists a slave twice");
  }
  if (view.masters.size() > Transport::kGroupMax) return violated("it knows too many masters");
  std::set<Address> masters;
  for (const MasterEntry& master : view.masters) {
    if (!masters.insert(master.address).second) return violated("it lists a master twice");
    if (master.size == 0) return violated("it lists a master without slaves");
    if (master.size > Transport::kGroupMax)
      return violated("it believes in a list that is too long");
  }
  return {};
}

/// What is bounded in a node, and is looked at now and then.
Result<void> check_bounds(Node& node) {
  constexpr std::size_t kBookMax =
      PeerBook::kHeardMax + PeerBook::kAnchorsMax + PeerBook::kNamedMax;
  if (node.book().entries().size() > kBookMax) return violated("its book is too long");
  const auto* const behaviours = node.services().find<Behaviours>();
  if (!behaviours) return {};
  const Behaviours::Options limits;
  const auto scores = behaviours->scores();
  if (scores.size() > limits.scores_max) return violated("it keeps too many scores");
  for (const auto& entry : scores) {
    if (!(entry.score.suspicion >= 0 && std::isfinite(entry.score.suspicion))) {
      return violated("a score is no number");
    }
  }
  const double health = behaviours->health();
  return health >= 0 && health <= 1 ? Result<void>() : violated("its health is no share");
}

/// One run of the scenario. Shared, since nodes refer to it until the experiment is over.
class Trial : public std::enable_shared_from_this<Trial> {
 public:
  explicit Trial(Experiment& experiment)
      : experiment_(experiment),
        ledgers_(experiment.world().size()),
        seen_(experiment.world().size()) {}

  void prepare() {
    experiment_.on_prepare([self = shared_from_this()](Node& node, std::size_t index) {
      node.services().add(std::make_unique<LedgerKeeper>(self->ledgers_[index]));
      self->seen_[index] = 0;
    });
    experiment_.world().add_invariant(
        [self = shared_from_this()](Node& node, std::size_t index) -> Result<void> {
          const auto view = node.peers().view();
          const std::uint64_t revision = view->revision + 1;
          if (std::exchange(self->seen_[index], revision) == revision) return {};
          return check_view(*view, self->seen_.size());
        });
    choose_actors();
  }

  void play() {
    if (!form(experiment_)) return;
    Nemesis nemesis(experiment_);
    experiment_.mark("faults begin");
    experiment_.turn_actors();
    const auto part = std::chrono::duration_cast<Duration>(kFaultyShare * experiment_.left());
    const Duration end = experiment_.world().elapsed() + part;
    for (int i = 0; experiment_.world().elapsed() < end; ++i) {
      nemesis.act();
      experiment_.run_for(std::chrono::seconds{1});
      if (i % kRollCallSeconds == 0) traverse(nemesis);
      check_all();
    }
    experiment_.mark("faults end");
    nemesis.relent();
    require_settled_within(experiment_, kConvergedWithin);
    check_all();
    report();
  }

 private:
  void choose_actors() {
    Random& random = experiment_.world().random();
    const auto ring = std::make_shared<Ring>();
    experiment_.set_actors(kHostileMax * random.uniform(), [&]() -> Experiment::ActorMaker {
      switch (random.below(6)) {
        case 0:
          return
              [share = random.below(2) == 0 ? 1 : 0.9] { return std::make_unique<Hanger>(share); };
        case 1:
          return [lie = kLies[random.below(kLies.size())]] { return std::make_unique<Liar>(lie); };
        case 2:
          return [] { return std::make_unique<Dropper>(); };
        case 3:
          return [] { return std::make_unique<Alterer>(); };
        case 4:
          return [] { return std::make_unique<Framer>(); };
        default:
          return [ring] { return std::make_unique<Colluder>(ring); };
      }
    });
    for (const std::size_t index : experiment_.hostile()) {
      ring->insert(experiment_.world().address(index));
    }
  }

  /// From an honest node that is up and goes on.
  void traverse(const Nemesis& nemesis) {
    Simulation& world = experiment_.world();
    std::vector<std::size_t> awake = experiment_.honest(4 * experiment_.interval());
    std::erase_if(awake, [&](std::size_t index) { return !nemesis.is_awake(index); });
    if (awake.empty()) return;
    Node& node = world.node(awake[world.random().below(awake.size())]);
    if (!node.is_running()) return;
    const Duration begun = world.elapsed();
    const auto result = node.traverse("network-map", Json::object());
    const Duration took = world.elapsed() - begun;
    ScenarioFigures& figures = experiment_.figures();
    const double seconds = std::chrono::duration<double>(took).count();
    figures.traversal_max_s = std::max(figures.traversal_max_s.value_or(0), seconds);
    if (!result) note("a traversal failed: " + result.error().message);
    if (took > kBudget + kBudgetGrace) {
      note("a traversal took " + std::to_string(seconds) + " s");
    }
  }

  void check_all() {
    Simulation& world = experiment_.world();
    for (std::size_t i = 0; i < world.size(); ++i) {
      if (auto fault = std::exchange(ledgers_[i].fault, std::nullopt)) {
        note(world.address(i).text() + ": " + *fault);
      }
      if (!world.is_up(i)) continue;
      if (const Result<void> holds = check_bounds(world.node(i)); !holds) {
        note(world.address(i).text() + ": " + holds.error().message);
      }
    }
  }

  void note(std::string violation) {
    ++violations_;
    if (violations_ <= kToldMax) experiment_.require(/*holds=*/false, std::move(violation));
  }

  void report() {
    Simulation& world = experiment_.world();
    for (const Simulation::Violation& violation : world.violations()) {
      note(world.address(violation.node).text() + " at " +
           std::to_string(
               std::chrono::duration<double>(violation.at - VirtualTime::kStart).count()) +
           " s: " + violation.message);
    }
    experiment_.figures().violations = violations_;
  }

  static constexpr std::uint64_t kToldMax = 8;

  Experiment& experiment_;
  std::deque<Ledger> ledgers_;
  std::vector<std::uint64_t> seen_;  ///< by node: the revision that was checked last, and one
  std::uint64_t violations_ = 0;
};

}  // namespace

void play_mixed(Experiment& experiment, double /*share*/) {
  const auto trial = std::make_shared<Trial>(experiment);
  trial->prepare();
  trial->play();
}

}  // namespace spreadable::detail
