// Approvals: nobody passes whose answer is not right. Each line is a route and the body of a
// request to it, such as `client/request-approval-key {"action":"vote"}`; in a body, `$key` and
// `$period` are those of the node.
#include "core/wire.h"
#include "tests/fuzz/checked_node.h"
#include "tests/support/guarded_network.h"

namespace spreadable {
namespace {

/// Asks what nobody can answer: no answer is right.
class Riddle final : public Approval {
 public:
  Riddle() : Approval("riddle", Options::legacy()) {}
  Question make_question(const Applicant&) override { return {.part = "?", .answer = "none"}; }
  Result<Json> join(const Applicant&, const std::vector<Json>& parts) const override {
    return Json(parts);
  }
  bool is_right_answer(const Json&, const Json&, const Seat&) const override { return false; }
};

void replace(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

/// What the node of the network answers.
HttpResponse post(LocalNetwork& network, std::string_view route, std::string body) {
  HttpRequest request;
  request.method = Method::post;
  request.path = "/" + std::string(route);
  request.headers = {{"content-type", "application/json"},
                     {wire::kNodeVersion, wire::kVersion},
                     {wire::kNodeRoot, network.node(0).root()}};
  request.body = std::move(body);
  request.remote_ip = IpAddress::loopback();
  return network.respond(LocalNetwork::address(0), std::move(request));
}

}  // namespace

void fuzz::run(std::string_view input) {
  LocalNetwork network(guarded_network("riddle", [] { return std::make_unique<Riddle>(); }));
  network.start(1);
  const Result<Json> ballot =
      parse_json(post(network, "client/request-approval-key", R"({"action":"riddle"})").body);
  SPREADABLE_ASSERT(ballot && ballot->contains("key"));
  while (!input.empty()) {
    std::string_view line = cut_line(input);
    const std::string_view route = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(route.size() + 1, line.size()));
    std::string body(line);
    replace(body, "$key", (*ballot)["key"].get<std::string>());
    replace(body, "$period", std::to_string((*ballot)["startedAt"].get<std::int64_t>()));
    const HttpResponse response = post(network, route, std::move(body));
    check_answer(response);
    if (route == "client/vote") SPREADABLE_ASSERT(response.status >= 400);
  }
  SPREADABLE_ASSERT(network.logger().count(LogLevel::error) == 0);
}

}  // namespace spreadable
