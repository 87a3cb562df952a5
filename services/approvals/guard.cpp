// The guard of Approvals: whether a request may pass, and who has a say in it. Source: protocol
// sections 7.2 and 7.6.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/query.h"
#include "core/wire.h"
#include "services/approvals/approvals.h"

namespace spreadable {

struct Approvals::Claim {
  std::string key;
  IpAddress client_ip;
  std::int64_t started_at = 0;
  std::vector<Address> approvers;
  Json answer;
};

namespace {

Error refusal(std::string_view code, std::string message) {
  return {Errc::logical, std::move(message), std::string(code)};
}

const Schema& claim_schema() {
  static const Schema schema = schema::object(
      {{"action", schema::string()},
       {"key", schema::string()},
       {"startedAt", schema::number()},
       {"clientIp", schema::ip()},
       {"approvers",
        schema::array(schema::address(), {.items_max = Transport::kGroupMax, .is_unique = true})},
       {"answer", schema::any()}},
      schema::Keys::strict);
  return schema;
}

/// What the body or the query carries as `approvalInfo`: an object, or its JSON text.
Result<Json> find_claim(const CallContext& call) {
  Json claim;
  if (call.body.is_object() && call.body.contains("approvalInfo")) {
    claim = call.body["approvalInfo"];
  } else if (auto text = query_parameter(call.request.query, "approvalInfo")) {
    claim = std::move(*text);
  }
  if (claim.is_null() || claim == "") {
    return refusal(wire::kApprovalInfoRequired, "Approval info is required on the request");
  }
  if (!claim.is_string()) return claim;
  Result<Json> parsed = parse_json(claim.get_ref<const std::string&>());
  if (!parsed) return refusal(wire::kInvalidApprovalInfo, "Invalid approval info");
  return parsed;
}

}  // namespace

Result<Approvals::Claim> Approvals::read_claim(const Approval& approval,
                                               const CallContext& call) const {
  const Result<Json> json = find_claim(call);
  if (!json) return json.error();
  const bool is_object = json->is_object();
  if (!is_object || json->value("action", Json()) != approval.action()) {
    return refusal(wire::kInvalidApprovalAction, "invalid approval action");
  }
  if (!is_valid_period(approval, json->value("startedAt", Json()))) {
    return refusal(wire::kWrongApprovalTime, "Wrong approval time");
  }
  if (const Result<void> passed = claim_schema().check(*json); !passed) {
    return refusal(wire::kInvalidApprovalInfo, "Invalid approval info: " + passed.error().message);
  }
  if (const Result<void> passed = approval.check_answer((*json)["answer"]); !passed) {
    return refusal(wire::kInvalidApprovalInfo, "Invalid approval info: " + passed.error().message);
  }
  Claim claim{.key = (*json)["key"],
              .client_ip = *IpAddress::parse((*json)["clientIp"].get_ref<const std::string&>()),
              .started_at = static_cast<std::int64_t>((*json)["startedAt"].get<double>()),
              .approvers = {},
              .answer = (*json)["answer"]};
  if (approval.options().is_bound_to_ip && claim.client_ip != call.client_ip) {
    return refusal(wire::kUnsuitableApprovalKey, "The approval was given to another ip");
  }
  std::unordered_set<Address> known;
  for (const Json& item : (*json)["approvers"]) {
    claim.approvers.push_back(*Address::parse(item.get_ref<const std::string&>()));
    // Texts that differ can name one node, which has one vote.
    if (known.insert(claim.approvers.back()).second) continue;
    return refusal(wire::kInvalidApprovalInfo, "Invalid approval info: an approver is named twice");
  }
  return claim;
}

Result<void> Approvals::check(const Approval& approval, CallContext& call) {
  const Result<Claim> claim = read_claim(approval, call);
  if (!claim) return claim.error();
  const auto committee =
      finder_->find_with(approval, claim->started_at, claim->approvers, call.deadline);
  if (claim->approvers.size() > committee->seats) {
    return refusal(wire::kInvalidApprovalInfo, "Invalid approval info: too many approvers");
  }
  const std::size_t needed = approval.options().decision_level.of(committee->seats);
  Json named = Json::array();
  for (const Address& address : claim->approvers) named.push_back(address.text());

  std::vector<PeerRequest> requests;
  for (const Address& address : claim->approvers) {
    if (!committee->has_member(address)) continue;
    requests.push_back({.to = address,
                        .path = std::string(wire::kNodeRoute) + "check-approval-answer",
                        .body = {{"key", claim->key},
                                 {"answer", claim->answer},
                                 {"approvers", named},
                                 {"clientIp", claim->client_ip.text()}},
                        .has_budget = false,
                        .work = WorkClass::forward});
  }
  // One who sits in no committee makes the list another than the approvers know, so nobody is
  // asked.
  if (requests.size() < needed || !committee->knows(claim->approvers)) {
    return refusal(wire::kNotEnoughDecisions, "Not enough approvers to make a decision");
  }
  const auto replies = node().outbound().request_group(requests, call.deadline);
  const auto yes = std::count_if(replies.begin(), replies.end(),
                                 [](const auto& reply) { return reply.has_value(); });
  if (static_cast<std::size_t>(yes) >= needed) return {};
  return refusal(wire::kWrongApprovalAnswer, "Wrong answer, try again");
}

}  // namespace spreadable
