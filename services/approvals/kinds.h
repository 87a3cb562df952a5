// services/approvals/kinds.h: approvals as a config names them.
#pragma once

#include <memory>

#include "core/options.h"
#include "core/result.h"
#include "services/approvals/approval.h"

namespace spreadable {

/// The approval that `config` describes. Errc::invalid_argument naming the option: an unknown type
/// or setting, or a value out of range.
[[nodiscard]] Result<std::unique_ptr<Approval>> make_approval(
    const NodeOptions::ApprovalConfig& config);

}  // namespace spreadable
