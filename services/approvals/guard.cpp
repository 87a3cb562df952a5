// The guard of Approvals: whether a request may pass, and who has a say in it. Source: protocol
// sections 7.2 and 7.6.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/query.h"
#include "core/wire.h"
#include "services/approvals/approvals.h"
#include "services/sync/structure.h"

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
       {"approvers", schema::array(schema::address(), {.items_max = Transport::kGroupMax,
                                                       .is_unique = true})},
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
  for (const Json& item : (*json)["approvers"]) {
    claim.approvers.push_back(*Address::parse(item.get_ref<const std::string&>()));
  }
  return claim;
}

Result<void> Approvals::check(const Approval& approval, CallContext& call) {
  const Result<Claim> claim = read_claim(approval, call);
  if (!claim) return claim.error();
  const Committee members = committee(approval, claim->started_at, call.deadline);
  const std::size_t needed = approval.options().decision_level.of(wanted(approval));
  Json named = Json::array();
  for (const Address& address : claim->approvers) named.push_back(address.text());

  std::vector<PeerRequest> requests;
  for (const Address& address : claim->approvers) {
    if (std::find(members.begin(), members.end(), address) == members.end()) continue;
    requests.push_back({.to = address,
                        .path = std::string(wire::kNodeRoute) + "check-approval-answer",
                        .body = {{"key", claim->key},
                                 {"answer", claim->answer},
                                 {"approvers", named},
                                 {"clientIp", claim->client_ip.text()}},
                        .has_budget = false});
  }
  if (requests.size() < needed) {
    return refusal(wire::kNotEnoughDecisions, "Not enough approvers to make a decision");
  }
  const auto replies = node().outbound().request_group(requests, call.deadline);
  const auto yes = std::count_if(replies.begin(), replies.end(),
                                 [](const auto& reply) { return reply.has_value(); });
  if (static_cast<std::size_t>(yes) >= needed) return {};
  return refusal(wire::kWrongApprovalAnswer, "Wrong answer, try again");
}

Approvals::Committee Approvals::committee(const Approval& approval, std::int64_t period,
                                          Deadline deadline) {
  const std::pair key{approval.action(), period};
  const TimePoint now = node().clock().now();
  {
    const MutexLock lock(mutex_);
    const auto cached = committees_.find(key);
    if (cached != committees_.end() && now - cached->second.found_at < kCommitteeLifetime) {
      return cached->second.committee;
    }
  }
  Committee found =
      first_alive(approver_order(electorate(deadline), period), wanted(approval), deadline);
  const MutexLock lock(mutex_);
  std::erase_if(committees_, [&](const auto& item) {
    return now - item.second.found_at >= kCommitteeLifetime;
  });
  if (!found.empty()) committees_[key] = {found, now};
  return found;
}

/// Everybody who may have to vote: all slaves of all masters.
std::vector<std::string> Approvals::electorate(Deadline deadline) {
  const auto view = node().peers().view();
  if (view->masters.empty()) return {node().address().text()};
  std::vector<PeerRequest> requests;
  for (const MasterEntry& master : view->masters) {
    requests.push_back({.to = master.address,
                        .path = std::string(wire::kNodeRoute) + "structure",
                        .has_budget = false});
  }
  const Deadline soon =
      deadline.at_most(Deadline::after(node().clock(), node().options().request.server_timeout));
  const auto replies = node().outbound().request_group(requests, soon);
  std::vector<std::string> slaves;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const Result<Structure> structure =
        replies[i] ? parse_structure(replies[i]->body) : Result<Structure>(replies[i].error());
    // Of a master that is silent just now, those it had will do.
    const auto known = structure ? nullptr : node().known_lists().find(requests[i].to);
    if (!structure && !known) continue;
    for (const Address& slave : structure ? structure->slaves : *known) {
      slaves.push_back(slave.text());
    }
  }
  return slaves;
}

/// The first `count` of `order` that answer a ping. They are asked in groups, each a few larger than what is
/// missing, so that one who is silent rarely costs another round.
Approvals::Committee Approvals::first_alive(const std::vector<std::string>& order,
                                            std::size_t count, Deadline deadline) {
  const auto extra = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  Committee alive;
  std::size_t next = 0;
  while (alive.size() < count && next < order.size()) {
    std::vector<PeerRequest> pings;
    for (const std::size_t end = next + count - alive.size() + extra;
         next < std::min(end, order.size()); ++next) {
      const auto address = Address::parse(order[next]);
      if (address) pings.push_back({.to = *address, .path = "/ping", .method = Method::get});
    }
    const Deadline soon =
        deadline.at_most(Deadline::after(node().clock(), node().options().request.ping_timeout));
    const auto replies = node().outbound().request_group(pings, soon);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (replies[i] && alive.size() < count) alive.push_back(pings[i].to);
    }
  }
  return alive;
}

}  // namespace spreadable
