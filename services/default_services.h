// services/default_services.h: what every node is made of.
#pragma once

#include <memory>
#include <vector>

#include "core/options.h"
#include "core/service_registry.h"
#include "services/sync/structure_cache.h"

namespace spreadable {

/// Factories of the services that a node starts with, on real HTTP and in a simulation alike: sync,
/// approvals and the kinds that `options` name, behaviours and their kinds, audits, identity.
/// The nodes of one process share `structures`.
/// Throws std::runtime_error when `options` name an approval that can't be made.
[[nodiscard]] std::vector<ServiceFactory> default_services(
    const NodeOptions& options, std::shared_ptr<StructureCache> structures);

}  // namespace spreadable
