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

 private:
  Result<TransportReply> answer(const TransportRequest& request) {
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

}  // namespace spreadable
