// services/default_services.h: what every node is made of.
#pragma once

#include <vector>

#include "core/options.h"
#include "core/service_registry.h"

namespace spreadable {

/// Factories of the services that a node starts with, on real HTTP and in a simulation alike: sync,
/// approvals and the kinds that `options` name, behaviours and their kinds, audits, identity.
/// Throws std::runtime_error when `options` name an approval that can't be made.
[[nodiscard]] std::vector<ServiceFactory> default_services(const NodeOptions& options);

}  // namespace spreadable
