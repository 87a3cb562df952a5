// cli/kinds.h: the kinds of nodes that the program can run.
#pragma once

#include <memory>

#include "core/environment.h"
#include "core/logger.h"
#include "core/options.h"
#include "services/runtime.h"

namespace spreadable::cli {

/// Makes the options of all kinds known. Before options are read.
void declare_kinds();

/// What a node with `options` is made of, as its kind has it: plain for kind `spreadable` and for
/// kinds that the program does not know. Throws as Runtime::environment, and where the kind refuses
/// its options.
[[nodiscard]] Environment environment_of(Runtime& runtime, const NodeOptions& options,
                                         std::shared_ptr<Logger> logger = nullptr);

}  // namespace spreadable::cli
