#include "services/approvals/client_ip_approval.h"

#include "core/schema.h"

namespace spreadable {

Approval::Question ClientIpApproval::make_question(const Applicant& applicant) {
  const Json ip = applicant.ip.full_text();
  return {.part = ip, .answer = ip};
}

Result<void> ClientIpApproval::check_part(const Json& part) const {
  static const Schema ip = schema::ip();
  return ip.check(part);
}

Result<Json> ClientIpApproval::join(const Applicant& applicant, const std::vector<Json>&) const {
  return Json(applicant.ip.text());
}

Result<void> ClientIpApproval::check_answer(const Json& answer) const {
  return check_part(answer);
}

bool ClientIpApproval::is_right_answer(const Json& expected, const Json& given, const Seat&) const {
  if (!check_part(expected) || !check_part(given)) return false;
  return IpAddress::parse(expected.get_ref<const std::string&>()) ==
         IpAddress::parse(given.get_ref<const std::string&>());
}

}  // namespace spreadable
