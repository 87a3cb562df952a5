#include "core/outbound.h"

#include <optional>
#include <utility>

#include "core/router.h"
#include "core/wire.h"

namespace spreadable {
namespace {

constexpr std::string_view kPingPath = "/ping";
constexpr int kNotModified = 304;

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

std::size_t reply_bytes_max(const PeerRequest& request) {
  static const std::string kStructurePath = std::string(wire::kNodeRoute) + "structure";
  return request.path == kStructurePath ? Outbound::kStructureBytesMax
                                        : TransportRequest::kReplyBytesMax;
}

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

/// Checks a body as the protocol does. Receivers put the address they called into objects (protocol
/// section 1.11).
Result<PeerReply> accept(const PeerRequest& request, Json body, Headers headers,
                         std::size_t bytes) {
  if (request.is_stamped && body.is_object()) body["address"] = request.to.text();
  if (request.schema) {
    if (const Result<void> passed = request.schema->check(body); !passed) {
      return Error{Errc::bad_response, request.to.text() + ": " + passed.error().message,
                   std::string(wire::kResponseSchema)};
    }
  }
  return PeerReply{.body = std::move(body), .headers = std::move(headers), .bytes = bytes};
}

/// Checks a reply as the protocol does: 2xx with a JSON body that passes the schema.
Result<PeerReply> parse_reply(const PeerRequest& request, TransportReply&& reply) {
  if (reply.status == kNotModified && !request.known_tag.empty()) {
    return PeerReply{.body = {}, .headers = std::move(reply.headers), .is_unchanged = true};
  }
  if (!is_success(reply.status)) {
    return error_of_reply(request.to, reply.status, reply.body);
  }
  if (request.is_raw) {
    return PeerReply{
        .body = {}, .headers = std::move(reply.headers), .text = std::move(reply.body)};
  }
  Result<Json> body = parse_json(reply.body);
  if (!body) {
    return Error{Errc::bad_response, request.to.text() + ": " + body.error().message, {}};
  }
  const std::size_t bytes = reply.body.size();
  std::string().swap(reply.body);  // large ones would be there twice meanwhile
  return accept(request, std::move(*body), std::move(reply.headers), bytes);
}

const Json& body_of(const PeerRequest& request) {
  return request.shared_body ? *request.shared_body : request.body;
}

/// Whether `error` tells something about the peer, not about ourselves or about a mere refusal.
bool is_fault_of_peer(const Error& error) {
  return error.code == Errc::timed_out || error.code == Errc::unreachable ||
         (error.code == Errc::bad_response && error.wire_code.empty());
}

}  // namespace

/// A group under way: what is to be asked, by when, and what has come of it.
struct Outbound::Group {
  std::span<const PeerRequest> requests;
  Deadline deadline;
  std::vector<std::optional<Result<PeerReply>>> results;
};

/// What requests that leave together have in common.
struct Outbound::Draft {
  const Headers headers;
  const Duration left;  ///< of their time
  const WallTime now;
  /// The shared body that `text` has been made of, and whether it tells the time left.
  std::pair<const Json*, bool> written{};
  std::string text{};

  /// The text of a request's body.
  std::string write(const PeerRequest& request) {
    const std::pair shared(request.shared_body.get(), request.has_budget);
    if (!shared.first) return written_down(request);
    if (shared != written) text = written_down(request);
    written = shared;
    return text;
  }

 private:
  [[nodiscard]] std::string written_down(const PeerRequest& request) const {
    const Json& body = body_of(request);
    if (request.has_budget) return wire::dump_with_budget(body, left, now);
    return body.empty() ? std::string() : dump_json(body);
  }
};

Outbound::Outbound(Options options, Parts parts)
    : options_(std::move(options)),
      parts_(parts),
      acquaintances_(options_.acquainted, options_.acquaintance_lifetime) {}

Headers Outbound::common_headers() const {
  const std::string root = options_.root();
  Headers headers;
  headers.reserve(/*fields=*/8, /*bytes=*/256 + root.size());
  headers.add(wire::kOriginalAddress, options_.self.text());
  headers.add(wire::kNodeVersion, options_.version);
  headers.add(wire::kNodeRoot, root);
  headers.add(wire::kFeatures, wire::kOwnFeatures);
  headers.add("content-type", "application/json");
  return headers;
}

TransportRequest Outbound::prepare(const PeerRequest& request, Draft& draft) const {
  TransportRequest out{.to = request.to,
                       .method = request.method,
                       .path = request.path,
                       .headers = draft.headers,
                       .body = {},
                       .may_be_native = !parts_.book.is_foreign(request.to),
                       .is_tls = options_.is_tls,
                       .authority = options_.authority,
                       .is_public_only = is_public_only_ && !parts_.access.is_trusted(request.to),
                       .work = request.work,
                       .reply_bytes_max = reply_bytes_max(request)};
  for (const auto& [name, value] : request.headers) out.headers.add(name, value);
  if (!request.known_tag.empty()) {
    out.headers.add(wire::kIfNoneMatch, request.known_tag);
  }
  if (!options_.authorization.empty() && request.path != kPingPath) {
    out.headers.add("authorization", options_.authorization);
  }
  if (request.method == Method::post) out.body = draft.write(request);
  return out;
}

Result<PeerReply> Outbound::ask_self(const PeerRequest& request, Deadline deadline) const {
  HttpRequest own{.method = request.method,
                  .path = request.path,
                  .query = {},
                  .headers = request.headers,
                  .body = {},
                  .remote_ip = IpAddress::loopback()};
  Router::OwnAnswer said = parts_.router.handle_own(std::move(own), body_of(request), deadline);
  if (auto* const json = std::get_if<Result<Json>>(&said.answer);
      json && *json && !request.is_raw) {
    return accept(request, std::move(**json), std::move(said.headers), said.bytes);
  }
  HttpResponse response = to_response(std::move(said.answer));
  for (const auto& [name, value] : said.headers) response.headers.add(name, value);
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
  const auto features = reply->headers.find(wire::kFeatures);
  // An error may come from what stands in front of a node, and then tells nothing of its kind.
  const bool is_native =
      features.has_value() || (!is_success(reply->status) && parts_.book.is_native(request.to));
  Result<PeerReply> result = parse_reply(request, std::move(*reply));
  const bool is_refused = !result && result.error().wire_code == wire::kResponseSchema;
  if (request.schema && (result || is_refused)) {
    tell(conduct::kResponseSchema, !is_refused, /*is_provable=*/is_refused);
  }
  if (!result && is_fault_of_peer(result.error())) {
    ++counters_.failures;
    parts_.book.note_failure(request.to, parts_.clock.now());
  } else {
    parts_.book.note_success(request.to, parts_.clock.now(), is_native);
  }
  return result;
}

/// Whether the credentials that `request` would carry must not be shown to its receiver yet.
bool Outbound::is_stranger(const PeerRequest& request) const {
  return options_.introduction != nullptr && !options_.authorization.empty() &&
         request.path != kPingPath && !acquaintances_.has(request.to, parts_.clock.now());
}

Error Outbound::unproven(const Address& peer) {
  ++counters_.failures;
  parts_.book.note_failure(peer, parts_.clock.now());  // asked again with growing pauses only
  return {Errc::denied, peer.text() + " does not prove that it belongs to this closed network", {}};
}

void Outbound::send(Group& group, const Slots& slots, const Meanwhile& meanwhile) {
  if (slots.empty()) return meanwhile();
  Draft draft{.headers = common_headers(),
              .left = group.deadline.remaining(parts_.clock),
              .now = parts_.clock.wall_now()};
  std::vector<TransportRequest> requests;
  requests.reserve(slots.size());
  for (const std::size_t slot : slots) {
    requests.push_back(prepare(group.requests[slot], draft));
    if (!signatures_) continue;
    if (group.requests[slot].needs_signature) signatures_->ask_for_signature(requests.back());
    signatures_->sign(requests.back());
  }
  counters_.requests += requests.size();
  auto replies = parts_.transport.request_group(requests, group.deadline, meanwhile);
  send_signed(requests, replies, group.deadline);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const PeerRequest& request = group.requests[slots[i]];
    if (Result<void> passed = check_answer(request, requests[i], replies[i]); !passed) {
      replies[i] = passed.error();
    }
    group.results[slots[i]] = settle(request, std::move(replies[i]));
  }
}

/// Sends again, signed, what receivers have refused for want of a signature.
void Outbound::send_signed(std::vector<TransportRequest>& requests, Replies& replies,
                           Deadline deadline) {
  if (!signatures_) return;
  std::vector<TransportRequest> again;
  Slots slots;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    constexpr int kForbidden = 403;
    if (!replies[i] || replies[i]->status != kForbidden) continue;
    if (!signatures_->is_asked(requests[i], *replies[i])) continue;
    signatures_->sign(requests[i]);
    again.push_back(requests[i]);
    slots.push_back(i);
  }
  if (again.empty() || deadline.has_passed(parts_.clock)) return;
  counters_.requests += again.size();
  auto answers = parts_.transport.request_group(again, deadline);
  for (std::size_t i = 0; i < answers.size(); ++i) replies[slots[i]] = std::move(answers[i]);
}

Result<void> Outbound::check_answer(const PeerRequest& request, const TransportRequest& sent,
                                    const Result<TransportReply>& reply) const {
  if (!request.needs_signature || !reply || !is_success(reply->status)) return {};
  if (!signatures_) return Error{Errc::bad_response, "this node can't check signatures", {}};
  return signatures_->check_answer(sent, *reply);
}

/// Has strangers prove who they are, and sends what is for those who do. They get half of the time
/// for it, so that one who is silent leaves the other half to the rest.
void Outbound::introduce(Group& group, const Slots& strangers, const Meanwhile& meanwhile) {
  if (strangers.empty()) return meanwhile();
  const Deadline half(parts_.clock.now() + group.deadline.remaining(parts_.clock) / 2);
  Draft draft{.headers = common_headers(),
              .left = half.remaining(parts_.clock),
              .now = parts_.clock.wall_now()};
  std::vector<Introduction::Question> questions;
  std::vector<TransportRequest> pings;
  for (const std::size_t slot : strangers) {
    questions.push_back(options_.introduction->ask(group.requests[slot].to));
    pings.push_back(prepare(
        {.to = group.requests[slot].to, .path = std::string(kPingPath), .method = Method::get},
        draft));
    pings.back().headers.add(wire::kIntroduction, questions.back().text);
  }
  counters_.requests += pings.size();
  auto replies = parts_.transport.request_group(pings, half, meanwhile);
  Slots introduced;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const PeerRequest& request = group.requests[strangers[i]];
    if (!replies[i] || !is_success(replies[i]->status)) {
      group.results[strangers[i]] = settle(request, std::move(replies[i]));
      continue;
    }
    const auto answer = replies[i]->headers.find(wire::kIntroduction);
    if (answer && options_.introduction->is_right(questions[i], *answer)) {
      acquaintances_.add(request.to, parts_.clock.now());
      introduced.push_back(strangers[i]);
    } else {
      group.results[strangers[i]] = unproven(request.to);
    }
  }
  send(group, introduced, [] {});
}

std::vector<Result<PeerReply>> Outbound::request_group(std::span<const PeerRequest> requests,
                                                       Deadline deadline) {
  Group group{requests, deadline, {}};
  group.results.resize(requests.size());
  Slots own;
  Slots acquaintances;
  Slots strangers;
  const bool is_late = deadline.has_passed(parts_.clock);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (is_late) {
      group.results[i] = Error{Errc::cancelled, "no time left to ask " + requests[i].to.text(), {}};
    } else if (requests[i].to == options_.self) {
      own.push_back(i);
    } else if (Result<void> allowed = parts_.access.check_lists(requests[i].to); !allowed) {
      group.results[i] = allowed.error();
    } else {
      (is_stranger(requests[i]) ? strangers : acquaintances).push_back(i);
    }
  }
  const auto ask_own = [&] {
    for (const std::size_t i : own) group.results[i] = ask_self(requests[i], deadline);
  };
  send(group, acquaintances, [&] { introduce(group, strangers, ask_own); });
  std::vector<Result<PeerReply>> results;
  results.reserve(group.results.size());
  for (auto& result : group.results) results.push_back(std::move(*result));
  return results;
}

Result<PeerReply> Outbound::request(const PeerRequest& request, Deadline deadline) {
  return std::move(request_group(std::span(&request, 1), deadline).front());
}

}  // namespace spreadable
