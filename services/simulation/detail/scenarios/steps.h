// services/simulation/detail/scenarios/steps.h: what several scenarios begin or end with. Private
// to services/simulation.
#pragma once

#include "services/simulation/detail/experiment.h"

namespace spreadable::detail {

/// Sync intervals that a crowd of that size may take to become a network.
[[nodiscard]] int join_intervals_max(std::size_t nodes);
/// Starts all nodes and waits until the network has formed; whatever else the scenario is about
/// begins then. Tells whether it has.
bool form(Experiment& experiment);
/// Requires that the network is right again within `intervals_max`, and notes when it was.
void require_settled_within(Experiment& experiment, int intervals_max);

}  // namespace spreadable::detail
