// core/budget.h: how much of the time left the next of several stages may take.
#pragma once

#include <optional>
#include <span>

namespace spreadable {

/// How stage_share() rounds a share.
struct StageRules {
  double min_ms = 0;        ///< a share below this is raised to it; 0: none
  bool grabs_free = false;  ///< what all stages together leave over is split among them
};

/// The share, in milliseconds, of the first of `stages_ms` when `remaining_ms` are left for all of
/// them. Stages that fit together get what they ask for; others get shares in proportion. Never
/// more than is left, never negative. Without `remaining_ms` a stage gets what it asks for, without
/// stages all that is left (which may be negative then); neither gives nothing. A stage of 0 counts
/// as none. Pure. Source: protocol section 5.12.
[[nodiscard]] std::optional<double> stage_share(std::optional<double> remaining_ms,
                                                std::span<const double> stages_ms,
                                                StageRules rules = {});

}  // namespace spreadable
