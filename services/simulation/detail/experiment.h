// services/simulation/detail/experiment.h: what scenarios have in common: a network that is watched
// and measured. Private to services/simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "services/simulation/scenario.h"
#include "services/simulation/simulation.h"

namespace spreadable::detail {

/// A simulation whose nodes answer roll calls, with the figures of a scenario as they come in. For
/// one thread.
class Experiment {
 public:
  /// Who answered one roll call, of those who were there all the time.
  struct RollCall {
    std::size_t expected = 0;
    std::size_t answered = 0;
    std::size_t duplicates = 0;
    [[nodiscard]] double coverage() const {
      return expected == 0 ? 1 : static_cast<double>(answered) / static_cast<double>(expected);
    }
    [[nodiscard]] bool is_perfect() const { return answered == expected && duplicates == 0; }
  };

  Experiment(const ScenarioOptions& options, Duration span);

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

  /// Lets time pass until sizes are right everywhere and a roll call is perfect; tells how long
  /// that took, or nothing when it took longer than `limit`.
  [[nodiscard]] std::optional<Duration> settle(Duration limit);
  /// Asks all nodes from one that is left to chance; both it and those who are expected have been
  /// up for `present_for`. Time passes, unless there is nobody.
  [[nodiscard]] RollCall call_roll(Duration present_for = Duration::zero());
  /// Lets `span` pass with a roll call in every `pause`, which count for coverage and duplicates.
  void watch(Duration span, Duration pause, Duration present_for = Duration::zero());
  void count(const RollCall& call);

  /// From now on traffic and changes of roles are measured.
  void begin_measuring();
  /// Changes of roles in the worst interval since begin_measuring().
  [[nodiscard]] std::size_t role_changes_max() const { return role_changes_max_; }
  /// Fills the figures of traffic.
  void end_measuring();

  /// Notes that a bound was missed unless `holds`.
  void require(bool holds, std::string what);
  /// Requires what design.md promises of any settled network: number of masters, lengths of lists,
  /// traffic.
  void require_settled_bounds();
  void require_no_false_bans();
  /// Completes the figures.
  [[nodiscard]] ScenarioFigures finish();

  /// Nodes that are up and have been for `span`.
  [[nodiscard]] std::vector<std::size_t> present(Duration span) const;
  /// Up to `count` nodes that are up and numbered `begin` or higher, at random.
  [[nodiscard]] std::vector<std::size_t> pick(std::size_t count, std::size_t begin);

 private:
  static constexpr Millis kInterval{16'000};

  [[nodiscard]] Simulation::Options options_of(const ScenarioOptions& options);
  void prepare(Node& node, std::size_t index);

  const ScenarioOptions options_;
  const Duration span_;
  ScenarioFigures figures_;
  std::vector<Duration> started_at_;           ///< by node
  std::vector<std::vector<Address>> initial_;  ///< whom each begins with, beside node 0
  std::size_t role_changes_ = 0;
  std::size_t role_changes_max_ = 0;
  std::size_t role_changes_before_ = 0;  ///< at the beginning of the present interval
  Duration interval_begun_at_{};
  Duration measured_from_{};
  VirtualNetwork::Counters counters_before_{};
  double coverage_sum_ = 0;
  std::size_t roll_calls_ = 0;
  Simulation world_;
};

}  // namespace spreadable::detail
