#include "services/approvals/approvals.h"

#include <algorithm>
#include <set>
#include <unordered_set>
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

/// The different addresses in an array of a body, in its order; nothing when it is no array of
/// texts. What is no address is nobody, and is left out.
std::optional<std::vector<Address>> addresses_at(const Json& named) {
  if (!named.is_array() || named.size() > Transport::kGroupMax) return {};
  std::vector<Address> addresses;
  std::unordered_set<Address> known;
  for (const Json& item : named) {
    if (!item.is_string()) return {};
    auto address = Address::parse(item.get_ref<const std::string&>());
    if (address && known.insert(*address).second) addresses.push_back(std::move(*address));
  }
  return addresses;
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
  static const Schema schema = schema::object(
      {{"address", schema::address()}, {"info", schema::any()}}, schema::Keys::strict);
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
  declare_beacon(router);
  const auto add = [&](std::string_view prefix, const char* name, WorkClass work, auto handler) {
    router.add(Method::post, std::string(prefix) + name, work,
               [this, handler](CallContext& call) { return (this->*handler)(call); });
  };
  add(wire::kClientRoute, "request-approval-key", WorkClass::client, &Approvals::on_request_key);
  add(wire::kClientRoute, "add-approval-info", WorkClass::leaf, &Approvals::on_add_info);
  add(wire::kClientRoute, "request-approval-question", WorkClass::client,
      &Approvals::on_request_question);
  add(wire::kNodeRoute, "get-approval-info", WorkClass::leaf, &Approvals::on_get_info);
  add(wire::kNodeRoute, "check-approval-answer", WorkClass::forward, &Approvals::on_check_answer);
  for (const auto& action : node().actions()) {
    const bool is_asked_for = action->is_for_clients() && find(action->approval());
    if (is_asked_for) {
      protect(router, std::string(wire::kClientRoute) + action->name(), action->approval());
    }
  }
}

void Approvals::declare_beacon(Router& router) {
  std::set<Millis> periods;
  for (const auto& [name, approval] : approvals_) {
    const Approval::Options& options = approval->options();
    if (options.committee == Approval::Choice::beacon) periods.insert(options.period);
  }
  beacon_ = std::make_unique<Beacon>(node(), periods);
  finder_ = std::make_unique<CommitteeFinder>(node(), *beacon_);
  if (!periods.empty()) beacon_->declare_routes(router);
}

Result<void> Approvals::init() {
  const bool is_used = std::any_of(approvals_.begin(), approvals_.end(), [](const auto& item) {
    return item.second->options().committee == Approval::Choice::beacon;
  });
  if (is_used) beacon_->start();
  return {};
}

void Approvals::deinit() {
  beacon_->stop();
}

void Approvals::protect(Router& router, std::string_view path, const std::string& name) {
  Approval* const approval = find(name);
  SPREADABLE_ASSERT(approval);
  router.protect(path, [this, approval](CallContext& call) { return check(*approval, call); });
}

Result<void> Approvals::check(const std::string& name, CallContext& call) {
  const Approval* const approval = find(name);
  SPREADABLE_ASSERT(approval);
  return check(*approval, call);
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
  return period_start(to_epoch_millis(node().clock().wall_now()),
                      approval.options().period.count());
}

bool Approvals::is_valid_period(const Approval& approval, const Json& started_at) const {
  if (!started_at.is_number()) return false;
  const auto current = static_cast<double>(current_period(approval));
  const auto period = static_cast<double>(approval.options().period.count());
  const double given = started_at.get<double>();
  return given == current || given == current - period;
}

Result<Json> Approvals::on_request_key(CallContext& call) {
  const Result<Approval*> approval = approval_of(call);
  if (!approval) return approval.error();
  const std::int64_t period = current_period(**approval);
  const auto committee = finder_->find(**approval, period, call.deadline);
  const std::string ip = call.client_ip.text();
  std::vector<std::string> parts{ip, (*approval)->action(), std::to_string(period),
                                 node().address().text()};
  Json addresses = Json::array();
  for (const Address& approver : committee->members) {
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
                 .started_at = static_cast<std::int64_t>(call.body["startedAt"].get<double>()),
                 .approvers = {},
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
  const Result<Confirmed> asked =
      confirmed(**approval, value_at(call.body, "confirmedAddresses"), call.deadline);
  if (!asked) return asked.error();
  const std::vector<Json> parts = ask_parts(**approval, *asked, call);
  const auto usable =
      std::count_if(parts.begin(), parts.end(), [](const Json& part) { return !part.is_null(); });
  if (static_cast<std::size_t>(usable) < asked->needed) return too_few_approvers();
  const Result<Json> question = (*approval)->join({call.client_ip, info}, parts);
  if (!question) return question.error();
  return Json{{"question", *question}};
}

/// What each approver contributes, null for a part that is lost: it keeps its place, since the
/// others' places are what their answers are checked by. For the same reason approvers are told the
/// order.
std::vector<Json> Approvals::ask_parts(const Approval& approval, const Confirmed& confirmed,
                                       const CallContext& call) {
  Json order = Json::array();
  for (const Address& approver : confirmed.approvers) order.push_back(approver.text());
  std::vector<PeerRequest> requests;
  for (const Address& approver : confirmed.approvers) {
    requests.push_back(
        {.to = approver,
         .path = std::string(wire::kNodeRoute) + "get-approval-info",
         .body = {{"action", approval.action()}, {"key", key_of(call)}, {"approvers", order}},
         .schema = &part_schema(),
         .has_budget = false});
  }
  std::vector<Json> parts;
  for (const auto& reply : node().outbound().request_group(requests, call.deadline)) {
    const bool is_usable = reply && approval.check_part(reply->body["info"]);
    parts.push_back(is_usable ? reply->body["info"] : Json());
  }
  return parts;
}

/// Those of the addresses a client names that do sit in the committee, in the client's order, no
/// more than it has seats: it must not make this node call just anybody. A client may have begun in
/// the period before.
Result<Approvals::Confirmed> Approvals::confirmed(const Approval& approval, const Json& named,
                                                  Deadline deadline) {
  const auto asked = addresses_at(named);
  if (!asked) return too_few_approvers();
  Confirmed best;
  const std::int64_t current = current_period(approval);
  for (const std::int64_t period : {current, current - approval.options().period.count()}) {
    const auto committee = finder_->find_with(approval, period, *asked, deadline);
    Confirmed found{{}, approval.options().decision_level.of(committee->seats)};
    for (const Address& address : *asked) {
      if (committee->has_member(address)) found.approvers.push_back(address);
    }
    if (found.approvers.size() > best.approvers.size()) best = std::move(found);
    if (best.approvers.size() == asked->size()) break;
  }
  if (best.approvers.size() < best.needed) return too_few_approvers();
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
  std::vector<std::string> order;
  for (const Address& approver :
       addresses_at(value_at(call.body, "approvers")).value_or(std::vector<Address>())) {
    order.push_back(approver.text());
  }
  // Each new question may be answered once more; only an old answer is worth nothing again.
  ballots_->visit((*approval)->action(), key, [&](Ballot& ballot) {
    ballot.answer = question.answer;
    ballot.approvers = order;
    ballot.used_by.clear();
  });
  return Json{{"info", std::move(question.part)}};
}

Result<Json> Approvals::on_check_answer(CallContext& call) {
  const std::optional<Ballot> ballot = take_ballot(call);
  Approval* const approval = ballot ? find(ballot->action) : nullptr;
  if (!approval) return unsuitable_key(key_of(call));
  const std::optional<Approval::Seat> seat = own_seat(*approval, *ballot, call);
  const Json answer = value_at(call.body, "answer");
  // Without a stored answer the question was never asked for, so nothing can be right.
  const bool is_right = ballot->answer && seat && approval->check_answer(answer) &&
                        approval->is_right_answer(*ballot->answer, answer, *seat);
  if (!is_right) return refusal(wire::kWrongApprovalAnswer, "Wrong approval answer");
  return Json{{"success", true}};
}

/// The ballot that a check is about. It counts as used from here on, also when the answer is wrong:
/// nobody gets a second guess at the same question. Nothing when it is used already.
std::optional<Ballot> Approvals::take_ballot(const CallContext& call) {
  const auto ip = IpAddress::parse(text_at(call.body, "clientIp"));
  if (!ip) return {};
  const std::string asker = call.is_own ? node().address().text() : call.client_address.text();
  std::optional<Ballot> taken;
  ballots_->visit(key_of(call), *ip, [&](Ballot& ballot) {
    Approval* const approval = find(ballot.action);
    const bool is_over =
        approval && approval->options().replay == Approval::Replay::once && !ballot.used_by.empty();
    if (is_over || !ballot.used_by.insert(asker).second) return;
    if (!taken) taken = ballot;
  });
  return taken;
}

/// Where this node stands among the approvers whom the client names. Nothing when they are not
/// those whom the coordinator named when it asked for the question; or are more than the committee
/// of the period has seats; or hold one who has no business there.
std::optional<Approval::Seat> Approvals::own_seat(const Approval& approval, const Ballot& ballot,
                                                  const CallContext& call) {
  const Json named = value_at(call.body, "approvers");
  const auto addresses = addresses_at(named);
  if (!addresses || addresses->size() != named.size()) return {};
  if (!ballot.approvers.empty() && named != Json(ballot.approvers)) return {};
  const auto own = std::find(addresses->begin(), addresses->end(), node().address());
  if (own == addresses->end()) return {};
  const auto committee = finder_->find_with(approval, ballot.started_at, *addresses, call.deadline);
  if (addresses->size() > committee->seats || !committee->knows(*addresses)) return {};
  return Approval::Seat{static_cast<std::size_t>(own - addresses->begin()), addresses->size()};
}

}  // namespace spreadable
