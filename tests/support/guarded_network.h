// tests/support/guarded_network.h: nodes whose action can be called with an approval only.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "services/approvals/approvals.h"
#include "tests/support/local_network.h"

namespace spreadable {

/// Nodes whose action `vote` needs the approval `name`, which `make` makes; each answers it with 1,
/// and the network with their sum.
inline LocalNetwork::Options guarded_network(std::string name, ServiceFactory make) {
  LocalNetwork::Options options;
  options.services = {[] { return std::make_unique<Approvals>(); }, std::move(make)};
  options.prepare = [name = std::move(name)](Node& node) {
    node.add_action("vote")
        .local([](const Json&, CallContext&) { return 1; })
        .merge(merges::sum)
        .needs_approval(name);
  };
  return options;
}

}  // namespace spreadable
