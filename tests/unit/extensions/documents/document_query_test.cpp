#include "extensions/documents/document_query.h"

#include <doctest/doctest.h>

#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

constexpr std::string_view kKey = "$duplicate";

DocumentQuery query_of(const Json& actions) {
  auto query = DocumentQuery::parse(actions);
  REQUIRE_MESSAGE(query, (query ? "" : query.error().message));
  return *query;
}

std::vector<Json> documents_of(const char* text) {
  return parse_json(text)->get<std::vector<Json>>();
}

std::string text_of(const std::vector<Json>& documents) {
  return dump_json(documents);
}

/// Documents `{"n": 0}` to `{"n": count - 1}`.
std::vector<Json> numbered(std::size_t count) {
  std::vector<Json> documents;
  for (std::size_t i = 0; i < count; ++i) documents.push_back({{"n", i}});
  return documents;
}

}  // namespace

TEST_CASE("document query: defaults: all fields, no order, all documents, no copies") {
  for (const char* actions :
       {R"({})", R"({"sort":null,"fields":null,"offset":0,"limit":0,"filter":null})",
        R"({"sort":"","fields":false,"limit":"","unknown":1})"}) {
    INFO(actions);
    const DocumentQuery query = query_of(*parse_json(actions));
    CHECK(query.filter().matches_everything());
    CHECK(query.order().empty());
    CHECK(query.removes_duplicates());
    CHECK(query.first_needed() == std::nullopt);
    CHECK(query.page(numbered(3)).size() == 3);
    CHECK(query.projected({{"a", 1}}) == Json{{"a", 1}});
  }
  CHECK_FALSE(query_of({{"removeDuplicates", nullptr}}).removes_duplicates());
}

TEST_CASE("document query: page: offset is the number of a page, and limits cut as slice does") {
  struct Row {
    Json offset;
    Json limit;
    std::vector<std::size_t> left;
    std::optional<std::size_t> first_needed;
  };
  for (const Row& row : {
           Row{0, 2, {0, 1}, 2},
           Row{1, 2, {2, 3}, 4},
           Row{2, 2, {4}, 6},
           Row{3, 2, {}, 8},
           Row{1, 0, {}, 0},
           Row{0, "2", {0, 1}, 2},
           Row{nullptr, 3, {0, 1, 2}, 3},
           Row{0, -2, {0, 1, 2}, std::nullopt},
           Row{1, -2, {}, std::nullopt},
           Row{0, 1.9, {0}, 1},
           Row{1, 1.5, {1, 2}, 3},
           Row{0, "x", {}, std::nullopt},
           Row{1e300, 1e300, {}, std::nullopt},
       }) {
    INFO(dump_json(row.offset), " ", dump_json(row.limit));
    const DocumentQuery query = query_of({{"offset", row.offset}, {"limit", row.limit}});
    std::vector<Json> left;
    for (const std::size_t n : row.left) left.push_back({{"n", n}});
    CHECK(query.page(numbered(5)) == left);
    CHECK(query.first_needed() == row.first_needed);
  }
}

TEST_CASE("document query: fields: those at the top by name, and the system's") {
  const Json document = {{"a", 1}, {"b", {{"c", 1}}}, {"b.c", 2}, {"$duplicate", "x"}};
  CHECK(query_of({{"fields", {"a", "b.c", 5}}}).projected(document) ==
        Json{{"a", 1}, {"b.c", 2}, {"$duplicate", "x"}});
  CHECK(query_of({{"fields", Json::array()}}).projected(document) == Json{{"$duplicate", "x"}});
}

TEST_CASE(
    "document query: sort: values, null, nothing; descending is the reverse; ties keep order") {
  struct Row {
    const char* sort;
    const char* documents;
    const char* sorted;
  };
  for (const Row& row : {
           Row{R"(["n"])", R"([{"n":2},{"n":10},{"n":1}])", R"([{"n":1},{"n":2},{"n":10}])"},
           Row{R"(["n"])", R"([{},{"n":null},{"n":5},{"n":"4"}])",
               R"([{"n":"4"},{"n":5},{"n":null},{}])"},
           Row{R"([["n","desc"]])", R"([{"n":5},{"n":null},{},{"n":7}])",
               R"([{},{"n":null},{"n":7},{"n":5}])"},
           Row{R"([["n","DESC"]])", R"([{"n":5},{"n":1}])", R"([{"n":1},{"n":5}])"},
           Row{R"([["n"]])", R"([{"n":"b"},{"n":"a"},{"n":"B"}])",
               R"([{"n":"B"},{"n":"a"},{"n":"b"}])"},
           Row{R"(["n"])", R"([{"n":"～"},{"n":"😀"}])", R"([{"n":"😀"},{"n":"～"}])"},
           Row{R"(["a", ["b","desc"]])",
               R"([{"a":1,"b":1},{"a":0,"b":1},{"a":1,"b":2},{"a":1,"b":1,"c":1}])",
               R"([{"a":0,"b":1},{"a":1,"b":2},{"a":1,"b":1},{"a":1,"b":1,"c":1}])"},
           Row{R"(["a.b"])", R"([{"a":{"b":2}},{"a":{"b":1}}])",
               R"([{"a":{"b":1}},{"a":{"b":2}}])"},
           Row{R"(["t.length"])", R"([{"t":"xx"},{"t":"x"}])", R"([{"t":"x"},{"t":"xx"}])"},
           Row{R"([])", R"([{"n":2},{"n":1}])", R"([{"n":2},{"n":1}])"},
       }) {
    INFO(row.sort, " of ", row.documents);
    auto documents = documents_of(row.documents);
    query_of({{"sort", *parse_json(row.sort)}}).sort(documents);
    CHECK(text_of(documents) == row.sorted);
  }
}

TEST_CASE("document query: sort: an order that contradicts itself loses no document") {
  const Json values = {"10", 9, "9", "a", 5, "", true, nullptr, {1}, {2, 3}};
  std::vector<Json> documents;
  for (std::size_t i = 0; i < 1'000; ++i)
    documents.push_back({{"n", values[i * 7 % values.size()]}, {"i", i}});
  query_of({{"sort", {"n"}}}).sort(documents);
  std::vector<bool> seen(1'000);
  for (const Json& document : documents) seen[document.at("i").get<std::size_t>()] = true;
  CHECK(std::count(seen.begin(), seen.end(), true) == 1'000);
}

TEST_CASE("document query: merge: one document of each key, the oldest; numbers as keys go first") {
  const auto documents = documents_of(
      R"([{"$duplicate":"b","n":1},{"$duplicate":"a","n":2},{"$duplicate":"b","n":3},
          {"$duplicate":"7","n":4},{"$duplicate":5,"n":5},{"$duplicate":"5","n":6}])");
  CHECK(text_of(query_of(Json::object()).merged(documents, kKey)) ==
        R"([{"$duplicate":5,"n":5},{"$duplicate":"7","n":4},{"$duplicate":"b","n":1},)"
        R"({"$duplicate":"a","n":2}])");
  CHECK(query_of({{"removeDuplicates", false}}).merged(documents, kKey) == documents);
  const auto dated = documents_of(
      R"([{"$duplicate":"a","n":1},{"$duplicate":"a","$createdAt":9,"n":2},
          {"$duplicate":"a","$createdAt":8,"n":3}])");
  CHECK(query_of(Json::object()).merged(dated, kKey).front().at("n") == 3);
  // Documents without a key are one group, as upstream has it.
  CHECK(query_of(Json::object()).merged(numbered(3), kKey).size() == 1);
}

TEST_CASE("document query: finish: merged, sorted, counted, cut") {
  const auto documents =
      documents_of(R"([{"$duplicate":"a","n":3},{"$duplicate":"b","n":1},{"$duplicate":"a","n":3},
                       {"$duplicate":"c","n":2}])");
  const auto answer =
      query_of({{"sort", {"n"}}, {"limit", 2}, {"offset", 1}}).finished(documents, kKey);
  CHECK(answer.total_count == 3);
  CHECK(text_of(answer.documents) == R"([{"$duplicate":"a","n":3}])");
}

TEST_CASE("document query: refusals: each wrong action has its code") {
  struct Row {
    const char* actions;
    std::string_view code;
    const char* message;
  };
  for (const Row& row : {
           Row{"[]", wire::kWrongActions, "actions: expected an object, got an array of 0"},
           Row{"5", wire::kWrongActions, "actions: expected an object, got 5"},
           Row{R"({"sort":"n"})", wire::kSortType, "sort: expected a list, got \"n\""},
           Row{R"({"sort":[5]})", wire::kSortType,
               "sort: expected a path, or a list of path and direction, got 5"},
           Row{R"({"fields":"n"})", wire::kFieldType, "fields: expected a list, got \"n\""},
           Row{R"({"filter":5})", wire::kWrongFilter, "filter: expected an object, got 5"},
       }) {
    INFO(row.actions);
    const auto query = DocumentQuery::parse(*parse_json(row.actions));
    REQUIRE_FALSE(query);
    CHECK(query.error().wire_code == row.code);
    CHECK(query.error().message == row.message);
  }
}

TEST_CASE("document query: changes: filter and whether the document is replaced") {
  const auto change = ChangeQuery::parse({{"filter", {{"x", 1}}}, {"replace", 1}});
  REQUIRE(change);
  CHECK(change->replaces);
  CHECK_FALSE(change->filter.matches({{"x", 2}}));
  CHECK_FALSE(ChangeQuery::parse(Json::object())->replaces);
  CHECK(ChangeQuery::parse(Json::array()).error().wire_code == wire::kWrongActions);
}

}  // namespace spreadable::documents
