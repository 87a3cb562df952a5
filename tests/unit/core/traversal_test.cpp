#include "core/traversal.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "core/wire.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

/// Starts `count` nodes, each prepared by `prepare`, and waits until they are one network.
void form(LocalNetwork& network, std::size_t count, const std::function<void(Node&)>& prepare) {
  for (std::size_t i = 0; i < count; ++i) prepare(network.add());
  for (std::size_t i = 0; i < count; ++i) REQUIRE(network.node(i).start());
  REQUIRE(network.run_until([&] { return network.agrees_on(count); }, 10 * network.interval()));
}

HttpResponse post(Node& node, std::string path, const Json& body, Headers headers = {}) {
  headers.add("content-type", "application/json");
  return node.router().handle({.method = Method::post,
                               .path = std::move(path),
                               .headers = std::move(headers),
                               .body = dump_json(body),
                               .remote_ip = IpAddress::loopback()});
}

Headers as_node(std::size_t index) {
  return {{wire::kOriginalAddress, LocalNetwork::address(index).text()},
          {wire::kNodeVersion, wire::kVersion},
          {wire::kNodeRoot, LocalNetwork::address(0).text()},
          {wire::kFeatures, wire::kOwnFeatures}};
}

}  // namespace

TEST_CASE("traversal: sum: every node counts once, from every coordinator and for a client") {
  LocalNetwork network;
  form(network, 16, [](Node& node) {
    node.add_action("count")
        .local([](const Json&, CallContext&) { return Json(1); })
        .merge(merges::sum);
  });
  for (std::size_t i = 0; i < 16; ++i) {
    const auto result = network.node(i).traverse("count", Json::object());
    REQUIRE(result);
    CHECK(result->value == 16);
    CHECK(result->complete);
    CHECK(result->masters_asked >= 2);
  }
  const HttpResponse response = post(network.node(3), "/client/count", Json::object());
  REQUIRE(response.status == 200);
  const auto result = TraversalResult::from_json(*parse_json(response.body));
  REQUIRE(result);
  CHECK(result->value == 16);
  CHECK(result->nodes_answered == 16);
}

TEST_CASE("traversal: queries: reach every node unchanged, without the protocol's own fields") {
  LocalNetwork network;
  const Json query{{"word", "liberty"}, {"list", {1, {{"a", nullptr}}}}};
  std::size_t different = 0;
  form(network, 9, [&](Node& node) {
    node.add_action("echo").local([&](const Json& seen, CallContext&) -> Json {
      different += seen == query ? 0 : 1;
      return Json::array();
    });
  });
  REQUIRE(network.node(2).traverse("echo", query));
  Json body = query;
  body["timeout"] = 3000;
  body["timestamp"] = 1;
  CHECK(post(network.node(4), "/client/echo", body).status == 200);
  CHECK(different == 0);
}

TEST_CASE("traversal: refusals: a bad query is refused before any work, with its code") {
  LocalNetwork network;
  std::size_t work_done = 0;
  form(network, 4, [&](Node& node) {
    node.add_action("find")
        .check([](const Json& query) -> Result<void> {
          if (query.contains("word")) return {};
          return Error{Errc::logical, "\"word\" is missing", "ERR_WORD"};
        })
        .local([&](const Json&, CallContext&) { return Json(++work_done); });
  });
  const HttpResponse response = post(network.node(1), "/client/find", Json::object());
  CHECK(response.status == 422);
  CHECK(response.body == R"({"message":"\"word\" is missing","code":"ERR_WORD"})");
  CHECK(post(network.node(1), "/client/find", Json::array()).status == 422);
  CHECK(work_done == 0);
}

TEST_CASE("traversal: level: more than the depth of the network is refused") {
  LocalNetwork network;
  std::size_t asked = 0;
  form(network, 4, [&](Node& node) {
    node.add_action("count").local([&](const Json&, CallContext&) { return Json(++asked); });
  });
  const std::uint64_t before = network.requests();
  for (const Json& level : {Json(2), Json(5), Json(1e9), Json(-1), Json("1"), Json(nullptr)}) {
    INFO(level.dump());
    CHECK(post(network.node(1), "/api/butler/count", {{"level", level}}, as_node(2)).status == 422);
  }
  CHECK(asked == 0);
  CHECK(network.requests() == before);
}

TEST_CASE("traversal: exceptions: a node whose hook throws costs its own answer and is named") {
  LocalNetwork network;
  form(network, 9, [](Node& node) {
    node.add_action("count")
        .local([&node](const Json&, CallContext&) -> Json {
          if (node.address() == LocalNetwork::address(5)) throw std::runtime_error("broken index");
          return 1;
        })
        .merge(merges::sum);
  });
  const auto result = network.node(1).traverse("count", Json::object());
  REQUIRE(result);
  CHECK(result->value == 8);
  CHECK_FALSE(result->complete);
  CHECK(result->silent == std::vector<Address>{LocalNetwork::address(5)});
}

TEST_CASE("traversal: alone: a node without a network answers for itself") {
  LocalNetwork network;
  Node& node = network.add();
  node.add_action("count")
      .local([](const Json&, CallContext&) { return Json(1); })
      .merge(merges::sum);
  REQUIRE(node.start());
  const auto result = node.traverse("count", Json::object());
  REQUIRE(result);
  CHECK(result->value == 1);
  CHECK(result->nodes_asked == 1);
  CHECK(result->complete);
}

namespace {

/// Slaves answer an object, masters a list of addresses, and both pass on what stands in a header.
class TwoForms final : public NetworkAction {
 public:
  TwoForms() : NetworkAction("two-forms") {
    is_for_clients_ = false;
    passed_headers_ = {"test-note"};
  }
  Json local(const Json& query, CallContext& call) override {
    if (query.contains("broken")) return {{"note", 5}};
    return {{"note", call.header("test-note")}};
  }
  Json merge_slaves(std::vector<Reply>& replies, const Json&, CallContext& call) const override {
    Json answer{{"notes", Json::array()}, {"master", call.header("test-note")}};
    for (const Reply& reply : replies) answer["notes"].push_back(reply.value["note"]);
    return answer;
  }
  Json merge_masters(std::vector<Reply>& replies, const Json&, CallContext&) const override {
    Json all = Json::array();
    for (const Reply& reply : replies) {
      all.insert(all.end(), reply.value["notes"].begin(), reply.value["notes"].end());
      all.push_back(reply.value["master"]);
    }
    return all;
  }
  const Schema* answer_schema(Answerer from, const Json&) const override {
    static const Schema slave =
        schema::object({{"note", schema::string()}, schema::optional("address", schema::any())},
                       schema::Keys::strict);
    static const Schema master = schema::object({{"notes", schema::array(schema::string())},
                                                 {"master", schema::string()},
                                                 {"address", schema::address()}},
                                                schema::Keys::strict);
    return from == Answerer::slave ? &slave : &master;
  }
};

}  // namespace

TEST_CASE("traversal: forms: each stage has its own, and headers go along to every node") {
  LocalNetwork network;
  form(network, 9, [](Node& node) { node.add_action(std::make_unique<TwoForms>()); });
  const auto result =
      network.node(4).traverse("two-forms", Json::object(), {.headers = {{"test-note", "x"}}});
  REQUIRE(result);
  CHECK(result->complete);
  CHECK(result->value == Json(std::vector<std::string>(9 + result->masters_asked, "x")));
}

TEST_CASE("traversal: forms: a node alone answers as a master of its own") {
  LocalNetwork network;
  Node& node = network.add();
  node.add_action(std::make_unique<TwoForms>());
  REQUIRE(node.start());
  const auto result = node.traverse("two-forms", Json::object());
  REQUIRE(result);
  CHECK(result->value == Json({"", ""}));
}

TEST_CASE("traversal: forms: an answer that its schema refuses counts as silence") {
  LocalNetwork network;
  form(network, 9, [](Node& node) { node.add_action(std::make_unique<TwoForms>()); });
  const auto result = network.node(4).traverse("two-forms", {{"broken", true}});
  REQUIRE(result);
  CHECK_FALSE(result->complete);
  CHECK(result->nodes_answered == 0);
}

TEST_CASE("traversal: stand-in: without a list of that master there is a clear refusal") {
  LocalNetwork network;
  form(network, 4, [](Node& node) {
    node.add_action("count").local([](const Json&, CallContext&) { return Json(1); });
  });
  Headers headers = as_node(2);
  CHECK(post(network.node(1), "/api/stand-in/count", Json::object(), headers).status == 422);
  headers.add(wire::kStandInFor, "nobody.example.com:1");
  CHECK(post(network.node(1), "/api/stand-in/count", Json::object(), headers).status == 422);
}

TEST_CASE("traversal: stages: are for nodes of the network only") {
  LocalNetwork network;
  form(network, 4, [](Node& node) {
    node.add_action("count").local([](const Json&, CallContext&) { return Json(1); });
  });
  for (const char* path : {"/api/butler/count", "/api/slave/count", "/api/stand-in/count"}) {
    INFO(path);
    CHECK(post(network.node(1), path, Json::object()).status == 403);
  }
}

TEST_CASE("traversal: internal actions: have no client route") {
  LocalNetwork network;
  form(network, 2, [](Node& node) {
    node.add_action("secret").internal().local([](const Json&, CallContext&) { return Json(1); });
  });
  CHECK(post(network.node(1), "/client/secret", Json::object()).status == 404);
  CHECK(network.node(1).traverse("secret", Json::object())->complete);
}

TEST_CASE("traversal: result: is read as it was written, and nothing else is") {
  const TraversalResult result{.value = {1, 2},
                               .nodes_asked = 3,
                               .nodes_answered = 2,
                               .masters_asked = 2,
                               .masters_failed = 1,
                               .silent = {*Address::parse("localhost:1")},
                               .complete = false};
  const auto read = TraversalResult::from_json(result.to_json());
  REQUIRE(read);
  CHECK(read->to_json() == result.to_json());
  Json broken = result.to_json();
  broken["silent"] = Json::array({"not an address"});
  CHECK_FALSE(TraversalResult::from_json(broken));
  CHECK_FALSE(TraversalResult::from_json(Json::object()));
  CHECK_FALSE(TraversalResult::from_json(Json(1)));
}

}  // namespace spreadable
