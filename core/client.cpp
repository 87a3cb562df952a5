#include "core/client.h"

#include <span>
#include <utility>

#include "core/access.h"
#include "core/assert.h"
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
    case 401: return Error{Errc::unauthorized, message, {}};
    case 403: return Error{Errc::denied, message, {}};
    case 404: return Error{Errc::not_found, message, {}};
    case 413: return Error{Errc::too_large, message, {}};
    case 503: return Error{Errc::overloaded, message, {}};
    default: return Error{Errc::bad_response, message, {}};
  }
}

}  // namespace

Client::Client(Options options, Parts parts) : options_(std::move(options)), parts_(parts) {
  SPREADABLE_ASSERT(!options_.addresses.empty());
}

Headers Client::headers() const {
  Headers headers{{std::string(wire::kClientVersion), std::string(wire::kVersion)},
                  {std::string(wire::kFeatures), std::string(wire::kOwnFeatures)},
                  {"content-type", "application/json"}};
  if (!options_.username.empty()) {
    headers.add("authorization", basic_authorization(options_.username, options_.password));
  }
  return headers;
}

Result<void> Client::init() {
  std::vector<Address> addresses = options_.addresses;
  parts_.random.shuffle(addresses);
  std::string tried;
  for (const Address& address : addresses) {
    const TransportRequest ping{.to = address,
                                .method = Method::get,
                                .path = "/ping",
                                .headers = headers(),
                                .body = {},
                                .is_tls = options_.is_tls};
    const auto deadline = Deadline::after(parts_.clock, options_.ping_timeout);
    const auto replies = parts_.transport.request_group(std::span(&ping, 1), deadline);
    if (replies.front() && replies.front()->status == 200) {
      const MutexLock lock(mutex_);
      worker_ = address;
      return {};
    }
    tried += (tried.empty() ? "" : ", ") + address.text();
  }
  return Error{Errc::unreachable, "none of the given nodes answers: " + tried, {}};
}

Address Client::worker() const {
  const MutexLock lock(mutex_);
  return worker_;
}

Result<Json> Client::send(TransportRequest request, Duration timeout) {
  const Deadline deadline = Deadline::after(parts_.clock, timeout);
  request.to = worker();
  SPREADABLE_ASSERT(!request.to.is_empty());
  auto reply = std::move(
      parts_.transport.request_group(std::span(&request, 1), deadline).front());
  if (!reply && reply.error().code == Errc::unreachable) {
    if (Result<void> found = init(); !found) return found.error();
    if (request.method != Method::get) return reply.error();  // it may have been carried out
    request.to = worker();
    reply = std::move(parts_.transport.request_group(std::span(&request, 1), deadline).front());
  }
  if (!reply) return reply.error();
  return read_answer(request.to, *reply);
}

Result<Json> Client::request(std::string_view endpoint, Json body,
                             std::optional<Duration> timeout) {
  const Duration span = timeout.value_or(options_.client_timeout);
  wire::put_budget(body, span, parts_.clock.wall_now());
  return send({.to = {},
               .method = Method::post,
               .path = std::string(wire::kClientRoute) + std::string(endpoint),
               .headers = headers(),
               .body = dump_json(body),
               .is_tls = options_.is_tls,
               .work = WorkClass::client},
              span);
}

Result<Json> Client::get(std::string_view path, std::optional<Duration> timeout) {
  return send({.to = {},
               .method = Method::get,
               .path = std::string(path),
               .headers = headers(),
               .body = {},
               .is_tls = options_.is_tls},
              timeout.value_or(options_.client_timeout));
}

Result<TraversalResult> Client::traverse(std::string_view action, const Json& query,
                                         std::optional<Duration> timeout) {
  const Result<Json> answer = request(action, query, timeout);
  if (!answer) return answer.error();
  return TraversalResult::from_json(*answer);
}

}  // namespace spreadable
