#include "core/outbound.h"

#include <optional>
#include <utility>

#include "core/router.h"
#include "core/wire.h"

namespace spreadable {
namespace {

/// The peer understood the request and said no, or said something that is no answer.
Error error_of_reply(const Address& from, int status, const std::string& body) {
  const Result<Json> json = parse_json(body);
  if (json && json->is_object()) {
    const auto code = json->find("code");
    const auto message = json->find("message");
    const bool has_message = message != json->end() && message->is_string();
    const std::string text = has_message ? message->get<std::string>().substr(0, 500) : "refused";
    if (code != json->end() && code->is_string()) {
      return {Errc::logical, text, code->get<std::string>().substr(0, 100)};
    }
    const std::string prefix = from.text() + " answered " + std::to_string(status) + ": ";
    if (status == 503) return {Errc::overloaded, prefix + text, {}};
    return {Errc::bad_response, prefix + text, {}};
  }
  return {Errc::bad_response, from.text() + " answered " + std::to_string(status), {}};
}

/// Checks a reply as the protocol does: 2xx with a JSON body that passes the schema.
Result<PeerReply> parse_reply(const PeerRequest& request, TransportReply&& reply) {
  if (reply.status < 200 || reply.status > 299) {
    return error_of_reply(request.to, reply.status, reply.body);
  }
  Result<Json> body = parse_json(reply.body);
  if (!body) {
    return Error{Errc::bad_response, request.to.text() + ": " + body.error().message, {}};
  }
  // Receivers put the address they called into objects (protocol section 1.11).
  if (request.is_stamped && body->is_object()) (*body)["address"] = request.to.text();
  if (request.schema) {
    if (const Result<void> passed = request.schema->check(*body); !passed) {
      return Error{Errc::bad_response, request.to.text() + ": " + passed.error().message,
                   std::string(wire::kResponseSchema)};
    }
  }
  return PeerReply{std::move(*body), std::move(reply.headers)};
}

/// Whether `error` tells something about the peer, not about ourselves or about a mere refusal.
bool is_fault_of_peer(const Error& error) {
  return error.code == Errc::timed_out || error.code == Errc::unreachable ||
         (error.code == Errc::bad_response && error.wire_code.empty());
}

}  // namespace

Outbound::Outbound(Options options, Parts parts) : options_(std::move(options)), parts_(parts) {}

TransportRequest Outbound::prepare(const PeerRequest& request, Deadline deadline) const {
  TransportRequest out{.to = request.to,
                       .method = request.method,
                       .path = request.path,
                       .headers = request.headers,
                       .body = {},
                       .is_tls = options_.is_tls,
                       .authority = options_.authority,
                       .is_public_only = is_public_only_ && !parts_.access.is_trusted(request.to),
                       .work = request.work};
  out.headers.add(std::string(wire::kOriginalAddress), options_.self.text());
  out.headers.add(std::string(wire::kNodeVersion), options_.version);
  out.headers.add(std::string(wire::kNodeRoot), options_.root());
  out.headers.add(std::string(wire::kFeatures), std::string(wire::kOwnFeatures));
  out.headers.add("content-type", "application/json");
  if (!options_.authorization.empty()) out.headers.add("authorization", options_.authorization);
  if (request.method == Method::post) {
    if (request.has_budget) {
      Json body = request.body;
      wire::put_budget(body, deadline.remaining(parts_.clock), parts_.clock.wall_now());
      out.body = dump_json(body);
    } else if (!request.body.empty()) {
      out.body = dump_json(request.body);
    }
  }
  return out;
}

Result<PeerReply> Outbound::ask_self(const PeerRequest& request, Deadline deadline) const {
  HttpRequest own{.method = request.method,
                  .path = request.path,
                  .query = {},
                  .headers = request.headers,
                  .body = dump_json(request.body),
                  .remote_ip = IpAddress::loopback()};
  own.headers.add("content-type", "application/json");
  HttpResponse response = parts_.router.handle_own(std::move(own), deadline);
  return parse_reply(request,
                     {response.status, std::move(response.headers), std::move(response.body)});
}

Result<PeerReply> Outbound::settle(const PeerRequest& request, Result<TransportReply> reply) {
  const auto tell = [&](std::string_view kind, bool is_good, bool is_provable = false) {
    parts_.conducts.tell(
        {.kind = kind, .peer = request.to, .is_good = is_good, .is_provable = is_provable});
  };
  if (!reply) {
    ++counters_.failures;
    if (is_fault_of_peer(reply.error())) {
      parts_.book.note_failure(request.to, parts_.clock.now());
    }
    if (reply.error().code == Errc::timed_out) tell(conduct::kRequestDelays, /*is_good=*/false);
    return reply.error();
  }
  tell(conduct::kRequestDelays, /*is_good=*/true);
  const std::string* features = reply->headers.find(wire::kFeatures);
  const bool is_native = features != nullptr;
  Result<PeerReply> result = parse_reply(request, std::move(*reply));
  const bool is_refused = !result && result.error().wire_code == wire::kResponseSchema;
  if (request.schema && (result || is_refused)) {
    tell(conduct::kResponseSchema, !is_refused, /*is_provable=*/is_refused);
  }
  if (!result && is_fault_of_peer(result.error())) {
    ++counters_.failures;
    parts_.book.note_failure(request.to, parts_.clock.now());
  } else {
    parts_.book.note_success(request.to, parts_.clock.now());
    parts_.book.note_native(request.to, is_native);
  }
  return result;
}

std::vector<Result<PeerReply>> Outbound::request_group(std::span<const PeerRequest> requests,
                                                       Deadline deadline) {
  std::vector<std::optional<Result<PeerReply>>> slots(requests.size());
  std::vector<TransportRequest> sent;
  std::vector<std::size_t> slot_of;
  std::vector<std::size_t> own_slots;
  const bool is_late = deadline.has_passed(parts_.clock);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (is_late) {
      slots[i] = Error{Errc::cancelled, "no time left to ask " + requests[i].to.text(), {}};
    } else if (requests[i].to == options_.self) {
      own_slots.push_back(i);
    } else if (Result<void> allowed = parts_.access.check_lists(requests[i].to); !allowed) {
      slots[i] = allowed.error();
    } else {
      sent.push_back(prepare(requests[i], deadline));
      slot_of.push_back(i);
    }
  }
  const auto ask_own = [&] {
    for (const std::size_t i : own_slots) slots[i] = ask_self(requests[i], deadline);
  };
  if (sent.empty()) {
    ask_own();
  } else {
    counters_.requests += sent.size();
    auto replies = parts_.transport.request_group(sent, deadline, ask_own);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      slots[slot_of[i]] = settle(requests[slot_of[i]], std::move(replies[i]));
    }
  }
  std::vector<Result<PeerReply>> results;
  results.reserve(slots.size());
  for (auto& slot : slots) results.push_back(std::move(*slot));
  return results;
}

Result<PeerReply> Outbound::request(const PeerRequest& request, Deadline deadline) {
  return std::move(request_group(std::span(&request, 1), deadline).front());
}

}  // namespace spreadable
