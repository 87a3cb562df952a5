#include "core/outbound.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>

#include "core/router.h"
#include "core/wire.h"
#include "tests/support/fake_logger.h"
#include "tests/support/local_network.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Address kSelf = *Address::parse("self.example.com:4000");
const Address kNamed = *Address::parse("named.example.com:4000");
const Address kMember = *Address::parse("member.example.com:4000");
const Address kImpostor = *Address::parse("impostor.example.com:4000");
const Address kSilent = *Address::parse("silent.example.com:4000");

class NoNames final : public Resolver {
 public:
  Result<IpAddress> resolve(std::string_view) override {
    return Error{Errc::not_found, "no such host", {}};
  }
};

/// Nodes that answer everything with `{}`: kMember knows the credentials; kImpostor does not, and
/// claims to be a node all the same; kSilent never answers.
class Peers final : public Transport {
 public:
  explicit Peers(ManualClock& clock) : clock_(clock) {}

  std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile) override {
    std::vector<Result<TransportReply>> replies;
    bool is_waiting = false;
    for (const TransportRequest& request : requests) {
      sent.push_back(request);
      is_waiting = is_waiting || request.to == kSilent;
      replies.push_back(answer(request));
    }
    if (meanwhile) meanwhile();
    if (is_waiting) clock_.advance(deadline.remaining(clock_));
    return replies;
  }

  /// Paths sent to `to`, each with a `!` when it carried the credentials.
  std::vector<std::string> sent_to(const Address& to) {
    std::vector<std::string> paths;
    for (const TransportRequest& request : sent) {
      const bool is_open = request.headers.find("authorization").has_value();
      if (request.to == to) paths.push_back(request.path + (is_open ? "!" : ""));
    }
    return paths;
  }

  std::vector<TransportRequest> sent;
  bool is_overloaded = false;  ///< and what answers is a server, not a node

 private:
  Result<TransportReply> answer(const TransportRequest& request) {
    if (is_overloaded) return TransportReply{.status = 503, .headers = {}, .body = "{}"};
    if (request.to == kSilent) return Error{Errc::timed_out, "no answer", {}};
    TransportReply reply{.status = 200, .headers = {}, .body = "{}"};
    reply.headers.add(wire::kFeatures, wire::kOwnFeatures);
    const auto question = request.headers.find(wire::kIntroduction);
    if (!question) return reply;
    if (request.to == kImpostor) reply.headers.add(wire::kIntroduction, *question);
    if (request.to != kMember) return reply;
    const auto proof = member_.answer(*request.headers.find(wire::kOriginalAddress), *question);
    if (proof) reply.headers.add(wire::kIntroduction, *proof);
    return reply;
  }

  ManualClock& clock_;
  const Introduction member_{{.self = kMember, .username = "user", .password = "pass"}};
};

struct Fixture {
  explicit Fixture(bool has_introduction = true) : uses_introduction(has_introduction) {}

  std::vector<Result<PeerReply>> ask(const std::vector<Address>& asked,
                                     const char* path = "/api/node/x") {
    std::vector<PeerRequest> requests;
    for (const Address& peer : asked) requests.push_back({.to = peer, .path = path});
    return outbound.request_group(requests, Deadline::after(clock, seconds{10}));
  }

  const bool uses_introduction;
  ManualClock clock;
  FakeLogger logger;
  NoNames names;
  Peers peers{clock};
  Authentication authentication{{.realm = kSelf.text()}, clock};
  Access access{{.self = kSelf, .version = "spreadable-0.3", .root = [] { return ""; }},
                {names, authentication}};
  PeerBook book;
  Router router{clock, logger, {}};
  Conducts conducts;
  const Introduction introduction{{.self = kSelf, .username = "user", .password = "pass"}};
  Outbound outbound{{.self = kSelf,
                     .version = "spreadable-0.3",
                     .authorization = basic_authorization("user", "pass"),
                     .root = [] { return std::string(); },
                     .introduction = uses_introduction ? &introduction : nullptr,
                     .acquainted = {kNamed}},
                    {peers, clock, access, book, router, conducts}};
};

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("outbound: credentials: shown to whom the owner names, and to who proves to know them") {
  Fixture fixture;
  fixture.book.mention(kImpostor, fixture.clock.now());
  const auto replies = fixture.ask({kNamed, kMember, kImpostor});
  CHECK(replies[0]);
  CHECK(replies[1]);
  REQUIRE_FALSE(replies[2]);
  CHECK(replies[2].error().code == Errc::denied);
  CHECK(replies[2].error().message ==
        kImpostor.text() + " does not prove that it belongs to this closed network");
  CHECK(fixture.peers.sent_to(kNamed) == Paths{"/api/node/x!"});
  CHECK(fixture.peers.sent_to(kMember) == Paths{"/ping", "/api/node/x!"});
  CHECK(fixture.peers.sent_to(kImpostor) == Paths{"/ping"});
  CHECK(fixture.book.fails(kImpostor) == 1);
  CHECK(fixture.book.fails(kMember) == 0);
}

TEST_CASE("outbound: credentials: a proof is good for a while") {
  Fixture fixture;
  CHECK(fixture.ask({kMember}).front());
  CHECK(fixture.ask({kMember}).front());
  fixture.clock.advance(minutes{10});
  CHECK(fixture.ask({kMember}).front());
  CHECK(fixture.peers.sent_to(kMember) ==
        Paths{"/ping", "/api/node/x!", "/api/node/x!", "/ping", "/api/node/x!"});
}

TEST_CASE("outbound: credentials: a silent stranger costs its own answer only") {
  Fixture fixture;
  const auto replies = fixture.ask({kSilent, kMember, kNamed});
  CHECK(replies[0].error().code == Errc::timed_out);
  CHECK(replies[1]);
  CHECK(replies[2]);
  CHECK(fixture.peers.sent.front().to == kNamed);  // nobody waits for strangers
  CHECK(fixture.peers.sent_to(kSilent) == Paths{"/ping"});
}

TEST_CASE("outbound: credentials: a ping never carries them") {
  Fixture fixture;
  const auto replies = fixture.ask({kNamed, kImpostor}, "/ping");
  CHECK(replies[0]);
  CHECK(replies[1]);
  CHECK(fixture.peers.sent_to(kNamed) == Paths{"/ping"});
  CHECK(fixture.peers.sent_to(kImpostor) == Paths{"/ping"});
}

TEST_CASE("outbound: credentials: go to everyone called where the owner wants that") {
  Fixture fixture(/*has_introduction=*/false);
  CHECK(fixture.ask({kImpostor}).front());
  CHECK(fixture.peers.sent_to(kImpostor) == Paths{"/api/node/x!"});
}

TEST_CASE("outbound: answers: lists of peers have a lower bound than other answers") {
  Fixture fixture;
  static_cast<void>(fixture.ask({kNamed}, "/api/node/structure"));
  static_cast<void>(fixture.ask({kNamed}, "/api/butler/x"));
  CHECK(fixture.peers.sent[0].reply_bytes_max == 1 << 20);
  CHECK(fixture.peers.sent[1].reply_bytes_max == 8 << 20);
}

TEST_CASE("outbound: bodies: a shared one reaches everyone as its own would") {
  Fixture fixture;
  const auto shared = std::make_shared<const Json>(Json{{"level", 1}});
  const std::vector<PeerRequest> requests{
      {.to = kNamed, .path = "/a", .shared_body = shared},
      {.to = kNamed, .path = "/b", .shared_body = shared},
      {.to = kNamed, .path = "/c", .shared_body = shared, .has_budget = false},
      {.to = kNamed, .path = "/d", .body = {{"level", 1}}},
      {.to = kNamed, .path = "/e", .shared_body = shared},
      {.to = kNamed, .path = "/f", .has_budget = false},
  };
  (void)fixture.outbound.request_group(requests, Deadline::after(fixture.clock, seconds{10}));
  REQUIRE(fixture.peers.sent.size() == requests.size());
  const std::string& first = fixture.peers.sent[0].body;
  const Json body = *parse_json(first);
  CHECK(body["level"] == 1);
  CHECK(body["timeout"] == 10'000);
  CHECK(body.contains("timestamp"));
  for (const std::size_t i : {1U, 3U, 4U}) CHECK(fixture.peers.sent[i].body == first);
  CHECK(fixture.peers.sent[2].body == R"({"level":1})");
  CHECK(fixture.peers.sent[5].body.empty());
}

TEST_CASE("outbound: itself: is asked without texts, and answers as others are answered") {
  Fixture fixture;
  static const Schema wanted =
      schema::object({{"n", schema::integer()}, {"address", schema::address()}});
  fixture.router.add(Method::post, "/api/node/double", WorkClass::leaf,
                     [](CallContext& call) -> Result<Json> {
                       CHECK(call.is_own);
                       CHECK(call.request.body.empty());
                       call.reply_headers.add("x-told", call.header("x-asked"));
                       if (!call.body["n"].is_number()) {
                         return Error{Errc::logical, "n is no number", "ERR_N"};
                       }
                       return Json{{"n", call.body["n"].get<int>() * 2}};
                     });
  fixture.router.add_raw(Method::post, "/api/node/page", WorkClass::leaf, [](CallContext&) {
    return HttpResponse{.headers = {{"x-page", "1"}}, .body = R"({"n":5})"};
  });
  const auto ask = [&](const char* path, Json n, bool is_raw = false) {
    return fixture.outbound.request({.to = kSelf,
                                     .path = path,
                                     .body = {{"n", std::move(n)}},
                                     .schema = is_raw ? nullptr : &wanted,
                                     .headers = {{"x-asked", "yes"}},
                                     .is_raw = is_raw},
                                    Deadline::after(fixture.clock, seconds{1}));
  };
  const auto doubled = ask("/api/node/double", 4);
  REQUIRE(doubled);
  CHECK(doubled->body == Json{{"n", 8}, {"address", kSelf.text()}});
  CHECK(*doubled->headers.find("x-told") == "yes");
  CHECK(ask("/api/node/double", 4, /*is_raw=*/true)->text == R"({"n":8})");
  CHECK(ask("/api/node/double", "x").error() == Error{Errc::logical, "n is no number", "ERR_N"});
  const auto page = ask("/api/node/page", 0);
  REQUIRE(page);
  CHECK(page->body["n"] == 5);
  CHECK(*page->headers.find("x-page") == "1");
  CHECK(ask("/api/node/nothing", 0).error().code == Errc::bad_response);
  CHECK(fixture.peers.sent.empty());
}

TEST_CASE("outbound: closed network: forms, answers in full, and gives nothing to an impostor") {
  class Impostor final : public RequestHandler {
   public:
    WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }
    HttpResponse handle(HttpRequest request) override {
      ++requests;
      shown += request.headers.find("authorization").has_value() ? 1 : 0;
      HttpResponse response;
      response.body = R"({"address":"localhost:7500","backlink":null,"slaves":[],"masters":[]})";
      return response;
    }
    std::size_t requests = 0;
    std::size_t shown = 0;
  };
  Impostor impostor;
  LocalNetwork::Options options;
  options.configure = [](NodeOptions& node) { node.network.auth = {"user", "pass"}; };
  LocalNetwork network(options);
  network.start(9);
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, seconds{20}));
  const Address address = *Address::parse("localhost:7500");
  network.serve(address, impostor);
  for (std::size_t i = 0; i < network.size(); ++i) {
    network.node(i).book().mention(address, network.clock().now());
  }
  network.run_for(40 * network.interval());
  CHECK(impostor.requests > 0);
  CHECK(impostor.shown == 0);
  CHECK(network.agrees_on(9));
  const auto map = network.node(4).traverse("network-map", Json::object());
  REQUIRE(map);
  CHECK(map->nodes_answered == 9);
  CHECK(map->complete);
}

TEST_CASE("outbound: kinds: who has answered otherwise is no node of ours to the transport") {
  Fixture fixture;
  const auto may_be_native = [&] {
    REQUIRE(fixture.ask({kNamed}).front());
    return fixture.peers.sent.back().may_be_native;
  };
  CHECK(may_be_native());  // unknown
  CHECK(may_be_native());  // it has answered as a node of ours
  fixture.book.note_success(kNamed, fixture.clock.now(), /*is_native=*/false);
  CHECK_FALSE(may_be_native());
}

TEST_CASE("outbound: kinds: an error without a sign of its kind does not make a node foreign") {
  Fixture fixture;
  REQUIRE(fixture.ask({kNamed}).front());
  REQUIRE(fixture.book.is_native(kNamed));
  fixture.peers.is_overloaded = true;
  CHECK_FALSE(fixture.ask({kNamed}).front());
  CHECK(fixture.book.is_native(kNamed));
}

}  // namespace spreadable
