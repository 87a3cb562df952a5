#include "services/default_services.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "services/approvals/approvals.h"
#include "services/approvals/kinds.h"
#include "services/behaviours/audits.h"
#include "services/behaviours/behaviours.h"
#include "services/identity/identity.h"
#include "services/sync/sync.h"

namespace spreadable {
namespace {

std::unique_ptr<Service> make_kind(const NodeOptions::ApprovalConfig& config) {
  auto approval = make_approval(config);
  if (!approval) throw std::runtime_error(approval.error().message);
  return std::move(*approval);
}

}  // namespace

std::vector<ServiceFactory> default_services(const NodeOptions& options,
                                             std::shared_ptr<StructureCache> structures) {
  std::vector<ServiceFactory> services{
      [structures = std::move(structures)] { return std::make_unique<Sync>(structures); },
      [] { return std::make_unique<Approvals>(); }, [] { return std::make_unique<Behaviours>(); },
      [] { return std::make_unique<Audits>(); }, [] { return std::make_unique<Identity>(); }};
  for (const auto& behaviour : default_behaviours()) {
    services.emplace_back([kind = behaviour->kind(), watched = behaviour->options()] {
      return std::make_unique<Behaviour>(kind, watched);
    });
  }
  for (const NodeOptions::ApprovalConfig& config : options.approval) {
    static_cast<void>(make_kind(config));  // what can't be made is told now
    services.emplace_back([config] { return make_kind(config); });
  }
  return services;
}

}  // namespace spreadable
