#include "core/client.h"

#include <array>
#include <utility>

#include "core/assert.h"
#include "core/authentication.h"
#include "core/budget.h"
#include "core/schema.h"
#include "core/wire.h"

namespace spreadable {
namespace {

/// The JSON of a node's answer, or the error that it tells.
Result<Json> read_answer(const Address& from, const TransportReply& reply) {
  Result<Json> json = parse_json(reply.body);
  const bool is_success = reply.status >= 200 && reply.status <= 299;
  if (is_success) {
    if (json) return json;
    return Error{Errc::bad_response, from.text() + ": " + json.error().message, {}};
  }
  std::string message = from.text() + " answered " + std::to_string(reply.status);
  if (!json || !json->is_object()) return Error{Errc::bad_response, message, {}};
  if (json->contains("message") && (*json)["message"].is_string()) {
    message = (*json)["message"].get<std::string>();
  }
  if (json->contains("code") && (*json)["code"].is_string()) {
    return Error{Errc::logical, message, (*json)["code"].get<std::string>()};
  }
  switch (reply.status) {
    case 401:
      return Error{Errc::unauthorized, message, {}};
    case 403:
      return Error{Errc::denied, message, {}};
    case 404:
      return Error{Errc::not_found, message, {}};
    case 413:
      return Error{Errc::too_large, message, {}};
    case 503:
      return Error{Errc::overloaded, message, {}};
    default:
      return Error{Errc::bad_response, message, {}};
  }
}

const Schema& ballot_schema() {
  static const Schema schema = schema::object(
      {{"approvers", schema::array(schema::address(), {.items_max = Transport::kGroupMax})},
       {"key", schema::string()},
       {"startedAt", schema::number()},
       {"clientIp", schema::ip()}});
  return schema;
}

/// `value` as it came from `from`, when it passes.
Result<Json> checked(Result<Json> value, const Schema& schema, const Address& from) {
  if (!value) return value;
  if (const Result<void> passed = schema.check(*value); !passed) {
    return Error{Errc::bad_response, from.text() + ": " + passed.error().message,
                 std::string(wire::kResponseSchema)};
  }
  return value;
}

}  // namespace

Client::Client(Options options, Parts parts) : options_(std::move(options)), parts_(parts) {
  SPREADABLE_ASSERT(!options_.address.empty());
}

Client::~Client() = default;

Headers Client::headers() const {
  Headers headers{{wire::kFeatures, wire::kOwnFeatures}, {"content-type", "application/json"}};
  if (!options_.request.ignore_version) {
    headers.add(wire::kClientVersion, options_.version);
  }
  if (options_.auth) {
    headers.add("authorization",
                basic_authorization(options_.auth->username, options_.auth->password));
  }
  return headers;
}

Result<void> Client::init() {
  std::vector<Address> addresses = options_.address;
  parts_.random.shuffle(addresses);
  std::string tried;
  for (const Address& address : addresses) {
    if (const Result<void> alive = ping(address); !alive) {
      // What is wrong with this machine is so for all of them.
      if (alive.error().code == Errc::io) return alive;
      tried += (tried.empty() ? "" : ", ") + address.text();
      continue;
    }
    const MutexLock lock(mutex_);
    available_ = worker_ = address;
    const Duration interval = options_.task.worker_change_interval;
    if (parts_.scheduler && interval > Duration::zero() && !worker_change_) {
      worker_change_ = parts_.scheduler->start("worker change", interval, [this, interval] {
        static_cast<void>(change_worker());  // the old worker stays where it fails
        return interval;
      });
    }
    return {};
  }
  return Error{Errc::unreachable, "none of the given nodes answers: " + tried, {}};
}

Result<void> Client::ping(const Address& address) {
  const auto deadline = Deadline::after(parts_.clock, options_.request.ping_timeout);
  const Result<Json> answer = send_once({.to = address,
                                         .method = Method::get,
                                         .path = "/ping",
                                         .headers = headers(),
                                         .body = {},
                                         .is_tls = options_.https.is_enabled,
                                         .authority = options_.https.authority},
                                        deadline);
  if (!answer) return answer.error();
  return {};
}

Address Client::worker() const {
  const MutexLock lock(mutex_);
  return worker_;
}

TransportRequest Client::post(const Address& to, std::string_view endpoint, Json body,
                              Deadline deadline) const {
  wire::put_budget(body, deadline.remaining(parts_.clock), parts_.clock.wall_now());
  return {.to = to,
          .method = Method::post,
          .path = std::string(wire::kClientRoute) + std::string(endpoint),
          .headers = headers(),
          .body = dump_json(body),
          .is_tls = options_.https.is_enabled,
          .authority = options_.https.authority,
          .work = WorkClass::client};
}

Result<Json> Client::send_once(const TransportRequest& request, Deadline deadline) {
  SPREADABLE_ASSERT(!request.to.is_empty());
  auto reply = std::move(parts_.transport.request_group(std::span(&request, 1), deadline).front());
  if (!reply) return reply.error();
  return read_answer(request.to, *reply);
}

Result<Json> Client::send(TransportRequest request, Deadline deadline, bool is_repeatable) {
  Result<Json> answer = send_once(request, deadline);
  const bool is_lost = !answer && answer.error().code == Errc::unreachable;
  if (!is_lost || request.to != worker()) return answer;
  if (Result<void> found = init(); !found) return found.error();
  if (!is_repeatable) return answer;  // it may have been carried out
  request.to = worker();
  return send_once(request, deadline);
}

Result<Json> Client::request(std::string_view endpoint, Json body) {
  return request(endpoint, std::move(body), Sending{});
}

Result<Json> Client::request(std::string_view endpoint, Json body, const Sending& sending) {
  if (!sending.approval_info.is_null()) {
    Json info = sending.approval_info;
    if (!info.is_object() || !info.contains("answer")) {
      return Error{Errc::invalid_argument, "approval_info has no \"answer\"", {}};
    }
    info.erase("question");
    body["approvalInfo"] = std::move(info);
  }
  const Deadline deadline =
      Deadline::after(parts_.clock, sending.timeout.value_or(options_.request.client_timeout));
  return send(post(sending.address.value_or(worker()), endpoint, std::move(body), deadline),
              deadline, /*is_repeatable=*/false);
}

std::vector<Result<Json>> Client::request_group(std::span<const GroupItem> items,
                                                std::optional<Duration> timeout) {
  const Deadline deadline =
      Deadline::after(parts_.clock, timeout.value_or(options_.request.client_timeout));
  std::vector<TransportRequest> requests;
  for (const GroupItem& item : items) {
    requests.push_back(post(item.address, item.endpoint, item.body, deadline));
  }
  const auto replies = parts_.transport.request_group(requests, deadline);
  std::vector<Result<Json>> answers;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    answers.push_back(replies[i] ? read_answer(items[i].address, *replies[i])
                                 : Result<Json>(replies[i].error()));
  }
  return answers;
}

Result<Json> Client::get(std::string_view path, std::optional<Duration> timeout) {
  return send({.to = worker(),
               .method = Method::get,
               .path = std::string(path),
               .headers = headers(),
               .body = {},
               .is_tls = options_.https.is_enabled,
               .authority = options_.https.authority},
              Deadline::after(parts_.clock, timeout.value_or(options_.request.client_timeout)),
              /*is_repeatable=*/true);
}

Result<TraversalResult> Client::traverse(std::string_view action, const Json& query) {
  return traverse(action, query, Sending{});
}

Result<TraversalResult> Client::traverse(std::string_view action, const Json& query,
                                         const Sending& sending) {
  const Result<Json> answer = request(action, query, sending);
  if (!answer) return answer.error();
  return TraversalResult::from_json(*answer);
}

Result<void> Client::change_worker() {
  Address available;
  {
    const MutexLock lock(mutex_);
    available = available_;
  }
  const Result<Json> answer = request("get-available-node", Json::object(), {.address = available});
  if (!answer) return answer.error();
  const bool has_address =
      answer->is_object() && answer->contains("address") && (*answer)["address"].is_string();
  const auto address = Address::parse(
      has_address ? (*answer)["address"].get_ref<const std::string&>() : std::string());
  if (!address) return Error{Errc::bad_response, available.text() + " names no node", {}};
  if (*address == worker()) return {};
  if (Result<void> alive = ping(*address); !alive) return alive;
  const MutexLock lock(mutex_);
  worker_ = *address;
  return {};
}

Result<Json> Client::get_approval_question(std::string_view action, const Json& info,
                                           std::optional<Duration> timeout) {
  const Deadline deadline =
      Deadline::after(parts_.clock, timeout.value_or(options_.request.approval_question_timeout));
  // The node that chose the committee also joins its question.
  const Address coordinator = worker();
  const auto ask = [&](const char* endpoint, Json body) {
    return send(post(coordinator, endpoint, std::move(body), deadline), deadline,
                /*is_repeatable=*/false);
  };
  Result<Json> ballot =
      checked(ask("request-approval-key", {{"action", action}}), ballot_schema(), coordinator);
  if (!ballot) return ballot;
  (*ballot)["action"] = action;
  const auto confirmed = tell_approvers(*ballot, info, deadline);
  if (!confirmed) return confirmed.error();
  Json approvers = Json::array();
  for (const Address& approver : *confirmed) approvers.push_back(approver.text());

  Json body{{"action", action}, {"key", (*ballot)["key"]}, {"confirmedAddresses", approvers}};
  if (!info.is_null()) body["info"] = info;
  static const Schema schema = schema::object({{"question", schema::any()}});
  const Result<Json> question =
      checked(ask("request-approval-question", std::move(body)), schema, coordinator);
  if (!question) return question;
  return Json{{"action", action},
              {"key", (*ballot)["key"]},
              {"question", (*question)["question"]},
              {"approvers", std::move(approvers)},
              {"startedAt", (*ballot)["startedAt"]},
              {"clientIp", (*ballot)["clientIp"]}};
}

/// Tells each approver what is wanted; those that took note.
Result<std::vector<Address>> Client::tell_approvers(const Json& ballot, const Json& info,
                                                    Deadline deadline) {
  Json body{
      {"action", ballot["action"]}, {"key", ballot["key"]}, {"startedAt", ballot["startedAt"]}};
  if (!info.is_null()) body["info"] = info;
  std::vector<GroupItem> items;
  for (const Json& approver : ballot["approvers"]) {
    items.push_back(
        {*Address::parse(approver.get_ref<const std::string&>()), "add-approval-info", body});
  }
  using FloatMillis = std::chrono::duration<double, std::milli>;
  const std::array stages{FloatMillis(options_.request.client_timeout).count()};
  const auto share = stage_share(FloatMillis(deadline.remaining(parts_.clock)).count(), stages,
                                 {.min_ms = FloatMillis(options_.request.ping_timeout).count()});
  const auto answers =
      request_group(items, std::chrono::duration_cast<Duration>(FloatMillis(*share)));
  std::vector<Address> confirmed;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i]) confirmed.push_back(items[i].address);
  }
  if (confirmed.empty() && !answers.empty()) return answers.front().error();
  return confirmed;
}

}  // namespace spreadable
