#include "cli/kinds.h"

#include <utility>

#include "extensions/documents/kind.h"

namespace spreadable::cli {

void declare_kinds() {
  documents::declare_options();
}

Environment environment_of(Runtime& runtime, const NodeOptions& options,
                           std::shared_ptr<Logger> logger) {
  Environment environment = runtime.environment(options, std::move(logger));
  if (options.kind == documents::kKind) documents::equip(environment, options);
  return environment;
}

}  // namespace spreadable::cli
