// cli/simulate_report.h: the figures of a scenario, for people.
#pragma once

#include "services/simulation/scenario.h"

namespace spreadable::cli {

/// Prints a line for each figure that there is, and for each bound that was missed.
void print_figures(const ScenarioFigures& figures);

}  // namespace spreadable::cli
