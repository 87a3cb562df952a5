// services/simulation/detail/scenarios/scenario_list.h: the scenarios, one function each. Private
// to services/simulation. What each does and its bounds: docs/simulation.md.
#pragma once

#include "services/simulation/detail/experiment.h"

namespace spreadable::detail {

void play_join(Experiment& experiment, double share);
void play_grow(Experiment& experiment, double share);
void play_churn(Experiment& experiment, double share);
void play_death(Experiment& experiment, double share);
void play_partition(Experiment& experiment, double share);
void play_loss(Experiment& experiment, double share);
void play_clock(Experiment& experiment, double share);
void play_hang(Experiment& experiment, double share);
void play_stall(Experiment& experiment, double share);
void play_lie(Experiment& experiment, double share);
void play_drop(Experiment& experiment, double share);
void play_sybil(Experiment& experiment, double share);
void play_vote(Experiment& experiment, double share);
void play_mixed(Experiment& experiment, double share);

}  // namespace spreadable::detail
