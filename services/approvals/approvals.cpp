#include "services/approvals/approvals.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/data_hash.h"
#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::size_t kKeyBytesMax = 128;

Error refusal(std::string_view code, std::string message) {
  return {Errc::logical, std::move(message), std::string(code)};
}

/// The text in a field of a body, empty when there is none.
std::string text_at(const Json& body, const char* key) {
  if (!body.is_object()) return {};
  const auto field = body.find(key);
  return field != body.end() && field->is_string() ? field->get<std::string>() : std::string();
}

Json value_at(const Json& body, const char* key) {
  return body.is_object() && body.contains(key) ? body[key] : Json();
}

/// A usable key, or an empty text.
std::string key_of(const CallContext& call) {
  std::string key = text_at(call.body, "key");
  return key.size() <= kKeyBytesMax ? key : std::string();
}

const Schema& part_schema() {
  static const Schema schema =
      schema::object({{"address", schema::address()}, {"info", schema::any()}},
                     schema::Keys::strict);
  return schema;
}

Error unsuitable_key(const std::string& key) {
  return refusal(wire::kUnsuitableApprovalKey, "Unsuitable approval key \"" + key + "\"");
}

Error too_few_approvers() {
  return refusal(wire::kNotEnoughDecisions, "Not enough approvers to make a decision");
}

}  // namespace

Approvals::Approvals() : Approvals(BallotBox::Limits{}) {}

Approvals::Approvals(BallotBox::Limits limits) : Service(kName), limits_(limits) {}

Approvals::~Approvals() = default;

void Approvals::declare_routes(Router& router) {
  ballots_ = std::make_unique<BallotBox>(node().clock(), limits_);
  node().services().for_each<Approval>(
      [this](Approval& approval) { approvals_[approval.action()] = &approval; });
  const auto add = [&](std::string_view prefix, const char* name, WorkClass work, auto handler) {
    router.add(Method::post, std::string(prefix) + name, work,
               [this, handler](CallContext& call) { return (this->*handler)(call); });
  };
  add(wire::kClientRoute, "request-approval-key", WorkClass::client, &Approvals::on_request_key);
  add(wire::kClientRoute, "add-approval-info", WorkClass::leaf, &Approvals::on_add_info);
  add(wire::kClientRoute, "request-approval-question", WorkClass::client,
      &Approvals::on_request_question);
  add(wire::kNodeRoute, "get-approval-info", WorkClass::leaf, &Approvals::on_get_info);
  add(wire::kNodeRoute, "check-approval-answer", WorkClass::leaf, &Approvals::on_check_answer);
  for (const auto& action : node().actions()) {
    const bool is_asked_for = action->is_for_clients() && find(action->approval());
    if (is_asked_for) {
      protect(router, std::string(wire::kClientRoute) + action->name(), action->approval());
    }
  }
}

void Approvals::protect(Router& router, std::string_view path, const std::string& name) {
  Approval* const approval = find(name);
  SPREADABLE_ASSERT(approval);
  router.protect(path, [this, approval](CallContext& call) { return check(*approval, call); });
}

Approval* Approvals::find(const std::string& name) const {
  const auto found = approvals_.find(name);
  return found == approvals_.end() ? nullptr : found->second;
}

Result<Approval*> Approvals::approval_of(const CallContext& call) const {
  const std::string name = text_at(call.body, "action");
  if (Approval* const approval = find(name)) return approval;
  return refusal(wire::kInvalidApprovalAction,
                 "invalid approval action \"" + name.substr(0, 64) + "\"");
}

std::int64_t Approvals::current_period(const Approval& approval) const {
  return period_start(to_epoch_millis(node().clock().wall_now()), approval.options().period.count());
}

bool Approvals::is_valid_period(const Approval& approval, const Json& started_at) const {
  if (!started_at.is_number()) return false;
  const auto current = static_cast<double>(current_period(approval));
  const auto period = static_cast<double>(approval.options().period.count());
  const double given = started_at.get<double>();
  return given == current || given == current - period;
}

std::size_t Approvals::wanted(const Approval& approval) const {
  return approval.options().approvers.of(node().peers().view()->network_size());
}

Result<Json> Approvals::on_request_key(CallContext& call) {
  const Result<Approval*> approval = approval_of(call);
  if (!approval) return approval.error();
  const std::int64_t period = current_period(**approval);
  const Committee approvers = committee(**approval, period, call.deadline);
  const std::string ip = call.client_ip.text();
  std::vector<std::string> parts{ip, (*approval)->action(), std::to_string(period),
                                 node().address().text()};
  Json addresses = Json::array();
  for (const Address& approver : approvers) {
    parts.push_back(approver.text());
    addresses.push_back(approver.text());
  }
  return Json{{"approvers", std::move(addresses)},
              {"key", data_hash(parts)},
              {"startedAt", period},
              {"clientIp", ip}};
}

Result<Json> Approvals::on_add_info(CallContext& call) {
  const Result<Approval*> approval = approval_of(call);
  if (!approval) return approval.error();
  if (!is_valid_period(**approval, value_at(call.body, "startedAt"))) {
    return refusal(wire::kWrongApprovalTime, "Wrong approval time");
  }
  Json info = value_at(call.body, "info");
  if (Result<void> passed = (*approval)->check_info(info); !passed) return passed.error();
  const std::string key = key_of(call);
  if (key.empty()) return unsuitable_key(key);
  ballots_->put({.action = (*approval)->action(),
                 .key = key,
                 .client_ip = call.client_ip,
                 .info = std::move(info),
                 .answer = {},
                 .used_by = {},
                 .lifetime = (*approval)->options().period});
  return Json{{"success", true}};
}

Result<Json> Approvals::on_request_question(CallContext& call) {
  const Result<Approval*> approval = approval_of(call);
  if (!approval) return approval.error();
  const Json info = value_at(call.body, "info");
  if (Result<void> passed = (*approval)->check_info(info); !passed) return passed.error();
  const Committee approvers =
      confirmed(**approval, value_at(call.body, "confirmedAddresses"), call.deadline);
  const std::size_t needed = (*approval)->options().decision_level.of(wanted(**approval));
  if (approvers.size() < needed) return too_few_approvers();

  std::vector<PeerRequest> requests;
  for (const Address& approver : approvers) {
    requests.push_back({.to = approver,
                        .path = std::string(wire::kNodeRoute) + "get-approval-info",
                        .body = {{"action", (*approval)->action()}, {"key", key_of(call)}},
                        .schema = &part_schema(),
                        .has_budget = false});
  }
  std::vector<Json> parts;
  for (const auto& reply : node().outbound().request_group(requests, call.deadline)) {
    if (reply && (*approval)->check_part(reply->body["info"])) parts.push_back(reply->body["info"]);
  }
  if (parts.size() < needed) return too_few_approvers();
  const Result<Json> question = (*approval)->join({call.client_ip, info}, parts);
  if (!question) return question.error();
  return Json{{"question", *question}};
}

/// Those of the addresses a client names that do sit in the committee, in the client's order: it must not make
/// this node call just anybody. A client may have begun in the period before.
Approvals::Committee Approvals::confirmed(const Approval& approval, const Json& named,
                                          Deadline deadline) {
  std::vector<Address> asked;
  if (!named.is_array() || named.size() > Transport::kGroupMax) return {};
  for (const Json& item : named) {
    if (!item.is_string()) continue;
    const auto address = Address::parse(item.get_ref<const std::string&>());
    if (address && std::find(asked.begin(), asked.end(), *address) == asked.end()) {
      asked.push_back(*address);
    }
  }
  Committee best;
  const std::int64_t current = current_period(approval);
  for (const std::int64_t period : {current, current - approval.options().period.count()}) {
    const Committee members = committee(approval, period, deadline);
    Committee found;
    for (const Address& address : asked) {
      if (std::find(members.begin(), members.end(), address) != members.end()) {
        found.push_back(address);
      }
    }
    if (found.size() > best.size()) best = std::move(found);
    if (best.size() == asked.size()) break;
  }
  return best;
}

Result<Json> Approvals::on_get_info(CallContext& call) {
  const Result<Approval*> approval = approval_of(call);
  if (!approval) return approval.error();
  const std::string key = key_of(call);
  // The question is made with no lock held; for whom, the ballot tells.
  std::optional<Approval::Applicant> applicant;
  ballots_->visit((*approval)->action(), key, [&](Ballot& ballot) {
    if (!applicant) applicant = Approval::Applicant{ballot.client_ip, ballot.info};
  });
  if (!applicant) return unsuitable_key(key);
  Approval::Question question = (*approval)->make_question(*applicant);
  // Each new question may be answered once more at every node; only an old answer is worth nothing again.
  ballots_->visit((*approval)->action(), key, [&](Ballot& ballot) {
    ballot.answer = question.answer;
    ballot.used_by.clear();
  });
  return Json{{"info", std::move(question.part)}};
}

Result<Json> Approvals::on_check_answer(CallContext& call) {
  const std::string key = key_of(call);
  const auto ip = IpAddress::parse(text_at(call.body, "clientIp"));
  const std::string asker = call.is_own ? node().address().text() : call.client_address.text();
  std::optional<Ballot> found;
  if (ip) {
    ballots_->visit(key, *ip, [&](Ballot& ballot) {
      if (!ballot.used_by.insert(asker).second) return;
      if (!found) found = ballot;
    });
  }
  Approval* const approval = found ? find(found->action) : nullptr;
  if (!approval) return unsuitable_key(key);

  const Json approvers = value_at(call.body, "approvers");
  std::optional<Approval::Seat> seat;
  for (std::size_t i = 0; approvers.is_array() && i < approvers.size(); ++i) {
    if (approvers[i] == node().address().text()) seat = {i, approvers.size()};
  }
  const Json answer = value_at(call.body, "answer");
  // Without a stored answer the question was never asked for, so nothing can be right.
  const bool is_right = found->answer && seat && approval->check_answer(answer) &&
                        approval->is_right_answer(*found->answer, answer, *seat);
  if (!is_right) return refusal(wire::kWrongApprovalAnswer, "Wrong approval answer");
  return Json{{"success", true}};
}

}  // namespace spreadable
