// services/simulation/plot.h: how a scenario went, as a picture.
#pragma once

#include <string>

#include "services/simulation/scenario.h"

namespace spreadable {

/// Curves over time as one SVG document: coverage, the network's size as nodes see it, masters and
/// the longest list, messages. Moments that `figures` names stand as lines across all of them.
/// Pure. Requires: there are samples.
[[nodiscard]] std::string plot_svg(const ScenarioFigures& figures);

}  // namespace spreadable
