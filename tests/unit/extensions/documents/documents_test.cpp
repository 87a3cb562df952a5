#include "extensions/documents/documents.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "extensions/documents/network_wire.h"
#include "extensions/documents/wire.h"
#include "tests/support/documents_network.h"

namespace spreadable::documents {
namespace {

Json answer_of(const HttpResponse& response) {
  INFO(response.body);
  REQUIRE(response.status == 200);
  return *parse_json(response.body);
}

std::string code_of(const HttpResponse& response) {
  CHECK(response.status == 422);
  const auto body = parse_json(response.body);
  return body ? body->value("code", "") : "";
}

}  // namespace

TEST_CASE("documents: add: the document gets as many copies as wanted, and every node finds it") {
  DocumentsNetwork network;
  network.form(9);
  const auto added = network.add(4, {{"id", "a"}, {"n", 1}});
  REQUIRE(added);
  CHECK(*added == Json{{"id", "a"}, {"n", 1}});
  CHECK(network.copies("a") >= 2);  // acknowledged when two have it
  network.network().run_for(std::chrono::seconds{2});
  CHECK(network.copies("a") == 3);
  for (std::size_t i = 0; i < 9; ++i) CHECK(*network.get_by_pk(i, "a") == *added);
  CHECK(*network.get_by_pk(2, "b") == Json());
}

TEST_CASE("documents: add: a node alone keeps the only copy") {
  DocumentsNetwork network;
  network.form(1);
  REQUIRE(network.add(0, {{"id", "a"}}));
  CHECK(network.copies("a") == 1);
  CHECK(network.get(0)->total_count == 1);
}

TEST_CASE("documents: add: a document without pk gets one, the same at all nodes") {
  DocumentsNetwork network;
  network.form(4);
  const auto added = network.add(1, {{"n", 1}});
  REQUIRE(added);
  REQUIRE((*added)["id"].is_string());
  CHECK(network.copies((*added)["id"]) == 2);
  CHECK(network.get(2)->total_count == 1);
}

TEST_CASE("documents: add: what exists is refused, or given when asked so, and stays as it is") {
  DocumentsNetwork network;
  network.form(4);
  REQUIRE(network.add(0, {{"id", "a"}, {"n", 1}}));
  const auto again = network.add(1, {{"id", "a"}, {"n", 2}});
  REQUIRE_FALSE(again);
  CHECK(again.error().wire_code == wire::kDocumentExists);
  auto request = network.request();
  request.document = {{"id", "a"}, {"n", 2}};
  request.ignores_existence = true;
  CHECK(*network.at(2).add(request) == Json{{"id", "a"}, {"n", 1}});
}

TEST_CASE("documents: add: nodes that fail are replaced by others") {
  DocumentsNetwork network;
  network.form(9);
  network.network().kill(3);
  network.network().kill(5);
  for (int i = 0; i < 20; ++i) {
    const std::string id = "d" + std::to_string(i);
    REQUIRE(network.add(0, {{"id", id}}));
    CHECK(network.copies(id) >= 2);
  }
}

TEST_CASE("documents: get: filter, order and page hold over all nodes, each document once") {
  DocumentsNetwork network;
  network.form(9);
  for (int i = 0; i < 30; ++i) {
    REQUIRE(network.add(static_cast<std::size_t>(i % 9),
                        {{"id", "d" + std::to_string(i)}, {"n", i % 10}, {"even", i % 2 == 0}}));
  }
  network.network().run_for(std::chrono::seconds{2});
  CHECK(network.get(3)->total_count == 30);
  const Json actions{{"filter", {{"even", true}}},
                     {"sort", Json::array({Json::array({"n", "desc"}), "id"})},
                     {"limit", 4},
                     {"offset", 1},
                     {"fields", {"id", "n"}}};
  const auto page = network.get(7, actions);
  REQUIRE(page);
  CHECK(page->is_complete);
  CHECK(page->total_count == 15);
  CHECK(Json(page->documents) == Json::parse(R"([{"id":"d26","n":6},{"id":"d6","n":6},
                                                 {"id":"d14","n":4},{"id":"d24","n":4}])"));
  auto request = network.request();
  request.actions = {{"filter", {{"n", {{"$lt", 3}}}}}};
  CHECK(*network.at(1).count(request) == 9);
}

TEST_CASE("documents: total: copies count once, whatever page is asked for") {
  DocumentsNetwork network;
  network.form(9);
  for (int i = 0; i < 60; ++i) {
    REQUIRE(network.add(static_cast<std::size_t>(i % 9), {{"id", "d" + std::to_string(i)}}));
  }
  network.network().run_for(std::chrono::seconds{2});
  for (const std::size_t limit : {1U, 7U, 60U, 100U}) {
    INFO("limit ", limit);
    const auto page = network.get(limit % 9, {{"sort", {"id"}}, {"limit", limit}});
    REQUIRE(page);
    CHECK(page->total_count == 60);
    CHECK(page->documents.size() == std::min<std::size_t>(limit, 60));
  }
  CHECK(*network.at(4).count(network.request()) == 60);
}

TEST_CASE("documents: silent node: clients are told that counts and missing keys may be wrong") {
  DocumentsNetwork network;
  network.form(4);
  REQUIRE(network.add(0, {{"id", "a"}}));
  const auto is_incomplete = [&](const char* route, Json body) {
    body["collection"] = "test";
    const auto response = network.post(1, std::string("/client/") + route, body);
    CHECK(response.status == 200);
    const auto told = response.headers.find(wire::kIncomplete);
    return told.has_value() && *told == "true";
  };
  CHECK_FALSE(is_incomplete("get-documents-count", Json::object()));
  CHECK_FALSE(is_incomplete("get-document-by-pk", {{"pkValue", "none"}}));
  network.network().kill(3);
  CHECK(is_incomplete("get-documents", Json::object()));
  CHECK(is_incomplete("get-documents-count", Json::object()));
  CHECK(is_incomplete("get-document-by-pk", {{"pkValue", "none"}}));
}

TEST_CASE("documents: update and delete: reach every copy, and tell how many") {
  DocumentsNetwork network;
  network.form(4);
  REQUIRE(network.add(0, {{"id", "a"}, {"n", 1}}));
  REQUIRE(network.add(1, {{"id", "b"}, {"n", 2}}));
  auto request = network.request();
  request.actions = {{"filter", {{"id", "a"}}}};
  request.document = {{"m", 5}};
  CHECK(*network.at(3).update(request) == 2);
  CHECK(*network.get_by_pk(2, "a") == Json{{"id", "a"}, {"m", 5}, {"n", 1}});
  CHECK(*network.at(2).remove(request) == 2);
  CHECK(*network.get_by_pk(0, "a") == Json());
  CHECK(network.get(1)->total_count == 1);
}

TEST_CASE("documents: routes: answers to clients are exactly the protocol's") {
  DocumentsNetwork network;
  network.form(4);
  const auto post = [&](const char* route, const Json& body) {
    return answer_of(network.post(1, std::string("/client/") + route, body));
  };
  const Json document{{"id", "a"}, {"n", 1}};
  CHECK(post("add-document", {{"collection", "test"}, {"document", document}}) ==
        Json{{"document", document}});
  CHECK(post("get-documents", {{"collection", "test"}}) ==
        Json{{"documents", {document}}, {"totalCount", 1}});
  CHECK(post("get-documents-count", {{"collection", "test"}}) == Json{{"count", 1}});
  CHECK(post("get-document-by-pk", {{"collection", "test"}, {"pkValue", "a"}}) ==
        Json{{"document", document}});
  CHECK(post("get-document-by-pk", {{"collection", "test"}, {"pkValue", 0}}) ==
        Json{{"document", nullptr}});
  CHECK(post("update-documents", {{"collection", "test"}, {"document", {{"n", 2}}}}) ==
        Json{{"updated", 2}});
  CHECK(post("delete-documents", {{"collection", "test"}}) == Json{{"deleted", 2}});
}

TEST_CASE("documents: routes: refusals have the codes of the protocol") {
  DocumentsNetwork network;
  network.form(2);
  struct Row {
    const char* route;
    Json body;
    std::string_view code;
  };
  for (const Row& row : {
           Row{"get-documents", {{"collection", "nope"}}, wire::kNotFoundCollection},
           Row{"get-documents", Json::object(), wire::kNotFoundCollection},
           Row{"get-documents",
               {{"collection", "test"}, {"actions", Json::array()}},
               wire::kWrongActions},
           Row{"get-documents",
               {{"collection", "test"}, {"actions", {{"filter", {{"a", nullptr}}}}}},
               wire::kWrongFilter},
           Row{"add-document", {{"collection", "test"}}, wire::kInvalidDocument},
           Row{"add-document",
               {{"collection", "test"}, {"document", {{"a", nullptr}}}},
               wire::kWrongFields},
           Row{"update-documents",
               {{"collection", "test"}, {"document", Json::object()}},
               wire::kInvalidDocument},
       }) {
    INFO(row.route, " ", row.body.dump());
    CHECK(code_of(network.post(1, std::string("/client/") + row.route, row.body)) == row.code);
  }
}

TEST_CASE("documents: stages: nodes of upstream get exactly the protocol's answers") {
  DocumentsNetwork network;
  network.form(4);
  REQUIRE(network.add(0, {{"id", "a"}, {"n", 1}}));
  const auto post = [&](const std::string& path, Json body) {
    body["level"] = 1;
    body["timeout"] = 5000;
    return answer_of(network.post(1, path, body, network.as_upstream(2)));
  };
  const Json query{{"collection", "test"}, {"actions", {{"limit", 1}, {"sort", {"n"}}}}};
  for (const char* stage : {"/api/slave/", "/api/butler/"}) {
    INFO(stage);
    const Json documents = post(std::string(stage) + "get-documents", query);
    CHECK(documents.size() == 1);
    for (const Json& document : documents["documents"]) {
      CHECK(document.size() == 3);
      CHECK(document.contains("$duplicate"));
    }
    Json counting = query;
    counting["isCounting"] = true;
    const Json keys = post(std::string(stage) + "get-documents", counting);
    CHECK(keys.size() == 1);
    for (const Json& key : keys["documents"]) CHECK(key.size() == 1);
  }
  const Json info{{"info", {{"collection", "test"}, {"pkValue", "zz"}}}};
  CHECK(post("/api/slave/get-document-addition-info", info).size() == 4);
  const Json answer = post("/api/butler/get-document-addition-info", info);
  CHECK(answer.size() == 2);
  for (const Json& candidate : answer["candidates"]) CHECK(candidate.size() == 5);
  const Json existing = post("/api/butler/get-document-addition-info",
                             {{"info", {{"collection", "test"}, {"pkValue", "a"}}}});
  for (const Json& item : existing["existing"]) {
    CHECK(item.size() == 2);
    CHECK(item["existenceInfo"].contains("$createdAt"));
  }
}

TEST_CASE("documents: store: a copy from upstream is kept and handed on") {
  DocumentsNetwork network;
  network.form(4);
  const Json body{
      {"info", {{"collection", "test"}, {"pkValue", "a"}}},
      {"document", {{"id", "a"}, {"$duplicate", "k1"}, {"$loki", 7}}},
      {"duplicates",
       {LocalNetwork::address(2).text(), "no address", 5, LocalNetwork::address(1).text()}}};
  CHECK(answer_of(network.post(1, "/api/node/add-document", body, network.as_upstream(3))) ==
        Json{{"document", {{"id", "a"}}}});
  network.network().run_for(std::chrono::seconds{2});
  CHECK(network.copies("a") == 2);
  CHECK((*network.store(2).find("a"))->key == "k1");
  CHECK(code_of(network.post(1, "/api/node/add-document", body, network.as_upstream(3))) ==
        wire::kPkExists);
}

TEST_CASE("documents: permissions: strangers change nothing, owners what is theirs") {
  DocumentsNetwork network({.has_open_permissions = false});
  network.form(4);
  const auto post = [&](const char* route, Json body) {
    body["collection"] = "test";
    return network.post(1, std::string("/client/") + route, body);
  };
  answer_of(post("add-document", {{"document", {{"id", "a"}}}, {"ownerToken", "secret"}}));
  answer_of(post("add-document", {{"document", {{"id", "b"}}}, {"ownerToken", "other"}}));
  answer_of(post("add-document", {{"document", {{"id", "c"}}}}));
  const Json change{{"document", {{"n", 1}}}};
  CHECK(code_of(post("update-documents", change)) == wire::kNotPermitted);
  CHECK(code_of(post("delete-documents", Json::object())) == wire::kNotPermitted);
  Json owned = change;
  owned["ownerToken"] = "secret";
  CHECK(answer_of(post("update-documents", owned)) == Json{{"updated", 2}});
  CHECK(*network.get_by_pk(3, "a") == Json{{"id", "a"}, {"n", 1}});
  CHECK(*network.get_by_pk(3, "b") == Json{{"id", "b"}});
  CHECK(answer_of(post("delete-documents", {{"ownerToken", "secret"}})) == Json{{"deleted", 2}});
  CHECK(network.get(0)->total_count == 2);
  // Who asks nodes directly gets no further.
  CHECK(answer_of(network.post(1, "/api/slave/delete-documents",
                               {{"collection", "test"}, {"actions", Json::object()}},
                               network.as_upstream(2))) == Json{{"deleted", 0}});
}

TEST_CASE("documents: status: names collections and counts documents") {
  DocumentsNetwork network;
  network.form(1);
  REQUIRE(network.add(0, {{"id", "a"}}));
  const Json status = network.network().node(0).status();
  CHECK(status["collections"] == Json{"test"});
  CHECK(status["documents"] == Json{1});
  CHECK(network.network().node(0).version() == "metastocle-0.3");
}

}  // namespace spreadable::documents
