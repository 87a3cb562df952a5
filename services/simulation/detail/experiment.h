// services/simulation/detail/experiment.h: what scenarios have in common: a network that is watched
// and measured. Private to services/simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/simulation/detail/failure_counter.h"
#include "services/simulation/scenario.h"
#include "services/simulation/simulation.h"

namespace spreadable::detail {

/// What a scenario needs of its nodes beside what all have.
struct ExperimentSetup {
  bool is_public = false;                   ///< see Simulation::Options
  std::optional<Millis> approval_period{};  ///< nodes know an approval `vote` with such a period
  StorageFaults storage{};                  ///< of all nodes
};

/// A simulation whose nodes answer roll calls, with the figures of a scenario as they come in. For
/// one thread.
class Experiment {
 public:
  /// Who answered one roll call, of the honest ones that were there all the time.
  struct RollCall {
    std::size_t expected = 0;
    std::size_t answered = 0;
    std::size_t duplicates = 0;
    std::vector<std::size_t> seen{};  ///< all that answered, honest or not
    Duration took{};
    [[nodiscard]] double coverage() const {
      return expected == 0 ? 1 : static_cast<double>(answered) / static_cast<double>(expected);
    }
    [[nodiscard]] bool is_perfect() const { return answered == expected && duplicates == 0; }
  };
  using ActorMaker = std::function<std::unique_ptr<Actor>()>;

  Experiment(const ScenarioOptions& options, Duration span, const ExperimentSetup& setup);

  [[nodiscard]] Simulation& world() { return world_; }
  [[nodiscard]] ScenarioFigures& figures() { return figures_; }
  [[nodiscard]] Duration interval() const { return kInterval; }
  [[nodiscard]] double intervals(Duration span) const;
  /// Of the scenario's span.
  [[nodiscard]] Duration left() const;

  /// Starts node `index`; it may begin with node 0 and a few others that are up.
  void start(std::size_t index);
  void start_all();
  /// Ends a node as it comes: by SIGTERM, kill -9 or a power cut.
  void end_somehow(std::size_t index);
  void run_for(Duration span);

  /// Puts an actor into node `index` when it starts, which does not misbehave yet. The node counts
  /// as hostile from now on. Requires: it is down.
  void set_actor(std::size_t index, ActorMaker make);
  /// The same for all nodes, which count as honest until name_hostile().
  void set_actors_everywhere(const ActorMaker& make);
  void name_hostile(std::size_t index) { hostile_.insert(index); }
  /// The same for `share` of all nodes, left to chance.
  void set_actors(double share, const std::function<ActorMaker()>& choose);
  /// Also while it still behaves.
  [[nodiscard]] bool is_hostile(std::size_t index) const { return hostile_.contains(index); }
  [[nodiscard]] const std::set<std::size_t>& hostile() const { return hostile_; }
  /// Lets the actors of all hostile nodes turn.
  void turn_actors();
  /// Calls `prepare` with each node that is made, before it starts.
  void on_prepare(std::function<void(Node&, std::size_t)> prepare) {
    prepare_ = std::move(prepare);
  }
  /// Who takes any number of neighbours into its list.
  void set_careless(std::size_t index) { careless_.insert(index); }

  /// Lets time pass until sizes are right everywhere and a roll call is perfect; tells how long
  /// that took, or nothing when it took longer than `limit`.
  [[nodiscard]] std::optional<Duration> settle(Duration limit);
  /// Asks all nodes from an honest one that is left to chance; both it and those who are expected
  /// are honest and have been up for `present_for`. Time passes, unless there is nobody.
  [[nodiscard]] RollCall call_roll(Duration present_for = Duration::zero(),
                                   Duration patience = kPatience);
  /// Lets `span` pass with a roll call in every `pause`, which count for coverage and duplicates.
  void watch(Duration span, Duration pause, Duration present_for = Duration::zero());
  void count(const RollCall& call);

  /// From now on traffic and changes of roles are measured.
  void begin_measuring();
  /// Changes of roles in the worst interval since begin_measuring().
  [[nodiscard]] std::size_t role_changes_max() const { return role_changes_max_; }
  /// Fills the figures of traffic.
  void end_measuring();

  enum class Freedom {
    from_presence,   ///< no hostile node in a list of theirs, and none is asked
    from_dependence  ///< none is their master, and none of the masters is asked before others are
  };
  /// The share of honest nodes that are free of hostile ones.
  [[nodiscard]] double share_free(Freedom freedom = Freedom::from_presence);
  /// How far the network's size as honest nodes see it is off, as a share, on average. Right is
  /// whatever lies between the number of honest nodes and that of all.
  [[nodiscard]] double size_error();
  /// How many honest nodes are refused by an honest one, each counted once. Takes a while.
  [[nodiscard]] std::size_t count_refused();
  /// Runs of sync that failed so far, and nodes none of whose runs has ended for three intervals.
  [[nodiscard]] std::uint64_t aborted_syncs() const;

  /// Something is done to the network now; for pictures.
  void mark(std::string what) { figures_.marks.push_back({world_.elapsed(), std::move(what)}); }
  /// Notes that a bound was missed unless `holds`.
  void require(bool holds, std::string what);
  /// Requires what design.md promises of any settled network: number of masters, lengths of lists,
  /// traffic.
  void require_settled_bounds();
  void require_no_false_bans();
  void require_mean_coverage(double least);
  /// Completes the figures.
  [[nodiscard]] ScenarioFigures finish();

  /// Nodes that are up and have been for `span`.
  [[nodiscard]] std::vector<std::size_t> present(Duration span) const;
  /// Those of them that are honest.
  [[nodiscard]] std::vector<std::size_t> honest(Duration span = Duration::zero()) const;
  /// Up to `count` nodes that are up and numbered `begin` or higher, at random.
  [[nodiscard]] std::vector<std::size_t> pick(std::size_t count, std::size_t begin);

 private:
  static constexpr Millis kInterval{16'000};
  static constexpr Duration kPatience = std::chrono::seconds{10};  ///< of a client without timeout

  [[nodiscard]] Simulation::Options options_of(const ScenarioOptions& options);
  void configure(NodeOptions& options, std::size_t index) const;
  [[nodiscard]] std::unique_ptr<Node> make_node(NodeOptions options, Environment environment,
                                                std::size_t index) const;
  void prepare(Node& node, std::size_t index);
  [[nodiscard]] std::uint64_t token_of(std::size_t index) const;
  [[nodiscard]] std::optional<std::size_t> index_of_token(const Json& token) const;
  void end_interval();
  void take_sample();

  const ScenarioOptions options_;
  const Duration span_;
  const ExperimentSetup setup_;
  const std::shared_ptr<FailureCounter> failures_;
  ScenarioFigures figures_;
  std::vector<Duration> started_at_;           ///< by node
  std::vector<Duration> synced_at_;            ///< by node: when its last run of sync ended
  std::vector<std::vector<Address>> initial_;  ///< whom each begins with, beside node 0
  std::map<std::size_t, ActorMaker> actors_;
  std::set<std::size_t> hostile_;
  std::set<std::size_t> careless_;
  std::function<void(Node&, std::size_t)> prepare_;
  std::size_t role_changes_ = 0;
  std::size_t role_changes_max_ = 0;
  std::size_t role_changes_before_ = 0;  ///< at the beginning of the present interval
  Duration interval_begun_at_{};
  Duration measured_from_{};
  VirtualNetwork::Counters counters_before_{};
  std::uint64_t requests_before_ = 0;  ///< at the last sample
  std::optional<double> last_coverage_{};
  double coverage_sum_ = 0;
  std::size_t roll_calls_ = 0;
  Simulation world_;
};

}  // namespace spreadable::detail
