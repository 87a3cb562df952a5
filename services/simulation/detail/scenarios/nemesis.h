// services/simulation/detail/scenarios/nemesis.h: lets happen to a network whatever can go wrong.
// Private to services/simulation.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "services/simulation/detail/experiment.h"

namespace spreadable::detail {

/// Chooses by the seed of the experiment which faults there are, how bad and how often, and lets
/// them happen: loss, duplicates, cuts of both kinds, clogs, crashes of programs and machines,
/// restarts, frozen and slow machines, faulty disks, wrong clocks. Does not touch more than a half
/// of the nodes at a time. For one thread.
class Nemesis {
 public:
  explicit Nemesis(Experiment& experiment);

  /// The faults of one second.
  void act();
  /// Takes everything back: all nodes but the hostile ones are up and well, those are gone.
  void relent();
  /// Whether the node is up and goes on.
  [[nodiscard]] bool is_awake(std::size_t index) const { return !frozen_.contains(index); }

 private:
  /// How often something happens, in a second.
  struct Rates {
    double cut = 0;
    double clog = 0;
    double crash = 0;
    double freeze = 0;
    double jump = 0;
  };

  [[nodiscard]] bool happens(double rate);
  [[nodiscard]] double up_to(double most);
  [[nodiscard]] Duration time_up_to(Duration most);
  /// A node that is up and goes on, if enough of the others do.
  [[nodiscard]] std::optional<std::size_t> victim();
  void cut();
  void clog();
  void crash();
  void freeze();
  void jump();
  void end_what_is_over();
  void restart(std::size_t index);

  Experiment& experiment_;
  Random& random_;
  Rates rates_;
  StorageFaults storage_;
  std::optional<Duration> healed_at_{};
  std::map<std::size_t, Duration> down_until_;
  std::map<std::size_t, Duration> frozen_;  ///< until when
};

}  // namespace spreadable::detail
