#include "services/approvals/kinds.h"

#include <utility>

#include "services/approvals/client_ip_approval.h"

namespace spreadable {

Result<std::unique_ptr<Approval>> make_approval(const NodeOptions::ApprovalConfig& config) {
  const std::string path = "option \"approval." + config.name;
  if (config.type != ClientIpApproval::kType) {
    return Error{Errc::invalid_argument,
                 path + ".type\": unknown type \"" + config.type + "\"; known: \"client-ip\"", {}};
  }
  Json settings = config.settings;
  const Result<Approval::Options> options = Approval::Options::take(settings);
  if (!options) return Error{Errc::invalid_argument, path + "." + options.error().message + "\"", {}};
  if (!settings.empty()) {
    return Error{Errc::invalid_argument,
                 "unknown option \"approval." + config.name + "." + settings.begin().key() + "\"", {}};
  }
  return std::unique_ptr<Approval>(std::make_unique<ClientIpApproval>(config.name, *options));
}

}  // namespace spreadable
