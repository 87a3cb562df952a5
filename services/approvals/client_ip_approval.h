// services/approvals/client_ip_approval.h: the vote on whether a client is where it says it is.
#pragma once

#include <string>
#include <vector>

#include "services/approvals/approval.h"

namespace spreadable {

/// Approvers vouch for the ip they see a client come from; the client answers with its ip. It
/// proves nothing more, and is what actions that count per ip rest on. Source: protocol
/// section 7.5.
class ClientIpApproval final : public Approval {
 public:
  static constexpr const char* kType = "client-ip";

  using Approval::Approval;

  [[nodiscard]] Question make_question(const Applicant& applicant) override;
  [[nodiscard]] Result<void> check_part(const Json& part) const override;
  [[nodiscard]] Result<Json> join(const Applicant& applicant,
                                  const std::vector<Json>& parts) const override;
  [[nodiscard]] Result<void> check_answer(const Json& answer) const override;
  [[nodiscard]] bool is_right_answer(const Json& expected, const Json& given,
                                     const Seat& seat) const override;
};

}  // namespace spreadable
