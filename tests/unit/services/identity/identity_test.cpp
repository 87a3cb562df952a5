#include "services/identity/identity.h"

#include <doctest/doctest.h>

#include "core/wire.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const IpAddress kElsewhere = *IpAddress::parse("10.9.8.7");

LocalNetwork::Options with_identity() {
  LocalNetwork::Options options;
  options.services.emplace_back([] { return std::make_unique<Identity>(); });
  options.prepare = [](Node& node) {
    node.add_action("echo").local([](const Json& query, CallContext&) { return query["text"]; });
    node.add_action("signed-echo").signed_answers().local([](const Json& query, CallContext&) {
      return query["text"];
    });
  };
  return options;
}

Identity& identity_of(Node& node) {
  return *node.services().find<Identity>();
}

/// What node `from` gets for a ping of the protocol's kind that only nodes are answered.
Result<PeerReply> ask(LocalNetwork& network, std::size_t from, std::size_t to) {
  Node& node = network.node(from);
  return node.outbound().request({.to = LocalNetwork::address(to), .path = "/api/node/structure"},
                                 Deadline::after(network.clock(), seconds{1}));
}

/// A request as node 1 sends it to node 0, signed as node 0 has asked it to.
TransportRequest a_signed_request(LocalNetwork& network) {
  TransportRequest request{.to = LocalNetwork::address(0),
                           .method = Method::post,
                           .path = "/api/slave/echo",
                           .headers = {{wire::kOriginalAddress, LocalNetwork::address(1).text()},
                                       {wire::kNodeVersion, "spreadable-0.3"},
                                       {wire::kNodeRoot, network.node(0).root()},
                                       {wire::kFeatures, wire::kOwnFeatures},
                                       {"content-type", "application/json"}},
                           .body = R"({"text":"ping","timeout":1000})"};
  identity_of(network.node(1)).sign(request);
  return request;
}

HttpResponse receive(LocalNetwork& network, const TransportRequest& request) {
  return network.respond(request.to, {.method = request.method,
                                      .path = request.path,
                                      .query = {},
                                      .headers = request.headers,
                                      .body = request.body,
                                      .remote_ip = kElsewhere});
}

/// A network of two in which node 0 has met node 1 behind another ip, and knows its key.
void let_them_meet(LocalNetwork& network) {
  network.start(2);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, seconds{10}));
  network.set_exit(1, kElsewhere);
  static_cast<void>(ask(network, 1, 0));
  REQUIRE(network.run_until([&] { return ask(network, 1, 0).has_value(); }, seconds{5}));
}

/// A node that changes what it answers.
class Tampering final : public RequestHandler {
 public:
  explicit Tampering(Node& node) : node_(node) {}
  std::function<void(HttpResponse&)> change;

  WorkClass work_class(Method method, std::string_view path) const override {
    return node_.router().work_class(method, path);
  }
  HttpResponse handle(HttpRequest request) override {
    HttpResponse response = node_.router().handle(std::move(request));
    if (change) change(response);
    return response;
  }

 private:
  Node& node_;
};

}  // namespace

TEST_CASE("identity: key: outlives a restart, and a damaged one is replaced") {
  LocalNetwork network(with_identity());
  network.start(1);
  const PublicKey first = identity_of(network.node(0)).key();
  network.kill(0);
  network.restart(0);
  CHECK(identity_of(network.node(0)).key() == first);
  REQUIRE(network.node(0).database().data().set("identityKey", "damaged"));
  network.kill(0);
  network.restart(0);
  CHECK(identity_of(network.node(0)).key() != first);
}

TEST_CASE("identity: requests: a node is known by its key where its ip says nothing") {
  LocalNetwork network(with_identity());
  network.start(2);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, seconds{10}));
  CHECK(ask(network, 1, 0));
  network.set_exit(1, kElsewhere);
  CHECK_FALSE(ask(network, 1, 0));  // node 0 does not know its key yet, and looks it up
  network.run_for(Millis{1});
  CHECK(identity_of(network.node(0)).key_of(LocalNetwork::address(1)) ==
        identity_of(network.node(1)).key());
  CHECK(ask(network, 1, 0));
  CHECK(ask(network, 1, 0));
}

TEST_CASE("identity: requests: a node behind another ip joins, and answers traversals") {
  LocalNetwork network(with_identity());
  network.start(4);
  REQUIRE(network.run_until([&] { return network.agrees_on(4); }, seconds{10}));
  network.add();
  network.set_exit(4, kElsewhere);
  REQUIRE(network.node(4).start());
  REQUIRE(network.run_until([&] { return network.agrees_on(5); }, seconds{60}));
  for (std::size_t i = 0; i < 5; ++i) {
    const auto result = network.node(i).traverse("echo", {{"text", "x"}});
    REQUIRE(result);
    INFO("from node ", i);
    CHECK(result->nodes_answered == 5);
  }
}

TEST_CASE("identity: requests: one that was overheard is of no use, changed or not") {
  LocalNetwork network(with_identity());
  let_them_meet(network);
  const TransportRequest request = a_signed_request(network);
  TransportRequest other = request;
  other.path = "/api/butler/echo";
  CHECK(receive(network, other).status == 403);
  other = request;
  other.body = R"({"text":"pong","timeout":1000})";
  CHECK(receive(network, other).status == 403);
  other = request;
  other.headers.set(wire::kStandInFor, "localhost:7000");
  CHECK(receive(network, other).status == 403);
  other = request;
  other.headers.set(wire::kOriginalAddress, "localhost:7999");
  CHECK(receive(network, other).status == 403);
  const HttpResponse answer = receive(network, request);
  CHECK(answer.status == 200);
  CHECK(answer.body == "\"ping\"");
  CHECK(receive(network, request).status == 403);
}

TEST_CASE("identity: requests: a signature for one node is of no use at another") {
  LocalNetwork network(with_identity());
  let_them_meet(network);
  network.add();
  REQUIRE(network.node(2).start());
  REQUIRE(network.run_until([&] { return network.agrees_on(3); }, seconds{30}));
  REQUIRE(network.run_until([&] { return ask(network, 1, 2).has_value(); }, seconds{5}));
  TransportRequest request = a_signed_request(network);
  request.to = LocalNetwork::address(2);
  CHECK(receive(network, request).status == 403);
}

TEST_CASE("identity: requests: another key does not open the address") {
  LocalNetwork network(with_identity());
  let_them_meet(network);
  TransportRequest request = a_signed_request(network);
  const std::string field(*request.headers.find(wire::kSignature));
  const std::size_t end = field.rfind(';');
  request.headers.set(wire::kSignature,
                      field.substr(0, end + 1) + PrivateKey::generate().sign("anything"));
  CHECK(receive(network, request).status == 403);
}

TEST_CASE("identity: requests: fields that are no signature are refused") {
  LocalNetwork network(with_identity());
  let_them_meet(network);
  for (const char* text : {"", ";", ";;", ";;;", "a;b;c", "1.2.3;1;AAAA", "1.2.3;-1;AAAA",
                           "1.2.3;99999999999999999999;AAAA"}) {
    INFO(text);
    TransportRequest request = a_signed_request(network);
    request.headers.set(wire::kSignature, text);
    CHECK(receive(network, request).status == 403);
  }
}

TEST_CASE("identity: requests: who does not know signatures is not asked for one") {
  LocalNetwork network(with_identity());
  let_them_meet(network);
  TransportRequest request = a_signed_request(network);
  request.headers.set(wire::kSignature, "");
  CHECK(receive(network, request).headers.find(wire::kChallenge));
  request.headers.set(wire::kFeatures, "coverage");
  const HttpResponse answer = receive(network, request);
  CHECK(answer.status == 403);
  CHECK_FALSE(answer.headers.find(wire::kChallenge));
}

TEST_CASE(
    "identity: requests: strangers cause no more look-ups than the bound, of no use to them") {
  LocalNetwork network(with_identity());
  let_them_meet(network);
  network.run_for(minutes{1});
  const std::uint64_t before = network.requests();
  TransportRequest request = a_signed_request(network);
  const std::string challenge(*receive(network, request).headers.find(wire::kFeatures));
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "localhost:" + std::to_string(20'000 + i);
    request.headers.set(wire::kOriginalAddress, name);
    request.headers.set(wire::kSignature, "");
    const HttpResponse first = receive(network, request);
    REQUIRE(first.headers.find(wire::kChallenge));
    request.headers.set(wire::kSignature,
                        std::string(*first.headers.find(wire::kChallenge)) + ";1;AAAA");
    CHECK(receive(network, request).status == 403);
  }
  network.run_for(Millis{1});
  CHECK(network.requests() - before <= Identity::kLookUpsMax);
}

TEST_CASE("identity: required: nodes that sign form a network, requests without are refused") {
  LocalNetwork::Options options = with_identity();
  options.configure = [](NodeOptions& node) { node.network.needs_signatures = true; };
  LocalNetwork network(options);
  network.start(6);
  REQUIRE(network.run_until([&] { return network.agrees_on(6); }, seconds{120}));
  const auto result = network.node(3).traverse("echo", {{"text", "x"}});
  REQUIRE(result);
  CHECK(result->nodes_answered == 6);
  TransportRequest request = a_signed_request(network);
  request.headers.set(wire::kSignature, "");
  CHECK(network
            .respond(request.to, {.method = request.method,
                                  .path = request.path,
                                  .query = {},
                                  .headers = request.headers,
                                  .body = request.body,
                                  .remote_ip = IpAddress::loopback()})
            .status == 403);
}

TEST_CASE("identity: answers: count only as their node has signed them") {
  LocalNetwork network(with_identity());
  network.start(3);
  REQUIRE(network.run_until([&] { return network.agrees_on(3); }, seconds{10}));
  const auto answered = [&] {
    const auto result = network.node(0).traverse("signed-echo", {{"text", "x"}});
    REQUIRE(result);
    return result->nodes_answered;
  };
  CHECK(answered() == 3);
  Tampering tampering(network.node(2));
  network.serve(LocalNetwork::address(2), tampering);
  CHECK(answered() == 3);
  tampering.change = [](HttpResponse& response) { response.body = "\"y\""; };
  CHECK(answered() < 3);
  tampering.change = [](HttpResponse& response) { response.headers.set(wire::kSignature, ""); };
  CHECK(answered() < 3);
  tampering.change = nullptr;
  CHECK(answered() == 3);
}

TEST_CASE("identity: answers: another key is not believed for an hour") {
  LocalNetwork network(with_identity());
  network.start(2);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, seconds{10}));
  const auto answered = [&] {
    const auto result = network.node(0).traverse("signed-echo", {{"text", "x"}});
    REQUIRE(result);
    return result->nodes_answered;
  };
  CHECK(answered() == 2);
  identity_of(network.node(1)).destroy();
  network.kill(1);
  network.restart(1);
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, seconds{30}));
  CHECK(answered() < 2);
  network.run_for(minutes{61});
  CHECK(answered() == 2);
}

TEST_CASE("identity: texts: are signed for one purpose") {
  LocalNetwork network(with_identity());
  network.start(1);
  const Identity& identity = identity_of(network.node(0));
  const std::string signature = identity.sign_text("vote", "yes");
  CHECK(Identity::is_signed_text(identity.key(), "vote", "yes", signature));
  CHECK_FALSE(Identity::is_signed_text(identity.key(), "vote", "no", signature));
  CHECK_FALSE(Identity::is_signed_text(identity.key(), "veto", "yes", signature));
  CHECK_FALSE(Identity::is_signed_text(identity.key(), "vote\nyes", "", signature));
}

}  // namespace spreadable
