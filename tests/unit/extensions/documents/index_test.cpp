// What indices and partial reading must not change: the documents that a filter finds.
#include <doctest/doctest.h>

#include "extensions/documents/detail/field_scan.h"
#include "extensions/documents/detail/index_key.h"
#include "extensions/documents/detail/index_plan.h"
#include "extensions/documents/filter.h"
#include "store_fixture.h"

namespace spreadable::documents {
namespace {

using detail::IndexKey;
using detail::Value;

IndexKey key_of(const Json& value) {
  return IndexKey::of(Value::of(value));
}

std::optional<detail::IndexPlan> plan_of(const char* filter) {
  CollectionOptions options = with_pk();
  options.indices = {FieldPath("n"), FieldPath("a.b")};
  const Filter parsed = Filter::parse(*parse_json(filter)).value();
  return detail::plan_of(*parsed.root(), options);
}

}  // namespace

TEST_CASE("index: keys: what is loosely equal has one key, and keys are ordered as values are") {
  for (const Json& five : {Json("5"), Json(" 5.0"), Json({5}), Json({{"5"}}), Json("0x5")}) {
    INFO(dump_json(five));
    CHECK((key_of(five) <=> key_of(5)) == std::partial_ordering::equivalent);
  }
  CHECK((key_of(true) <=> key_of(1)) == std::partial_ordering::equivalent);
  CHECK((key_of({1, 2}) <=> key_of("1,2")) == std::partial_ordering::equivalent);
  const std::vector<Json> ordered = {-1e300, -1, 0, 0.5, 2, 1e300, "a", "ab", "b", "ä", "😀", "～"};
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    INFO(dump_json(ordered[i]));
    CHECK(key_of(ordered[i - 1]) < key_of(ordered[i]));
    std::string before;
    std::string after;
    detail::append_ordered(before, Value::of(ordered[i - 1]));
    detail::append_ordered(after, Value::of(ordered[i]));
    CHECK(before < after);
  }
  const std::string long_text(1'000, 'x');
  CHECK(key_of(long_text).text.size() == IndexKey::kTextBytesMax);
  CHECK(key_of(std::string(127, 'x') + "😀").text == std::string(127, 'x'));
}

TEST_CASE("index: plans: for what an index can answer, the cheapest part") {
  struct Row {
    const char* filter;
    bool has_plan;
    std::size_t ranges;
    std::size_t pks;
  };
  for (const Row& row : {
           Row{R"({"n": 1})", true, 1, 0},
           Row{R"({"a.b": "x"})", true, 1, 0},
           Row{R"({"a": {"b": "x"}})", false, 0, 0},
           Row{R"({"m": 1})", false, 0, 0},
           Row{R"({"m": 1, "n": 1})", true, 1, 0},
           Row{R"({"n": {"$gt": 1, "$lt": 5}})", true, 1, 0},
           Row{R"({"n": {"$gt": "x"}})", true, 2, 0},
           Row{R"({"n": {"$sw": "x"}})", true, 1, 0},
           Row{R"({"n": {"$sw": "5"}})", true, 2, 0},
           Row{R"({"n": {"$isw": "x"}})", false, 0, 0},
           Row{R"({"n": {"$in": [1, "x", true]}})", true, 3, 0},
           Row{R"({"n": {"$ne": 1}})", false, 0, 0},
           Row{R"({"n": {"$nin": [1]}})", false, 0, 0},
           Row{R"({"n": {"$or": [1, 2]}})", true, 2, 0},
           Row{R"({"$or": [{"n": 1}, {"a.b": 2}]})", true, 2, 0},
           Row{R"({"$or": [{"n": 1}, {"m": 2}]})", false, 0, 0},
           Row{R"({"$or": []})", true, 0, 0},
           Row{R"({"id": "x"})", true, 0, 1},
           Row{R"({"id": "x", "n": {"$gt": 5}})", true, 0, 1},
           Row{R"({"id": {"$gt": "x"}})", false, 0, 0},
       }) {
    INFO(row.filter);
    const auto plan = plan_of(row.filter);
    CHECK(plan.has_value() == row.has_plan);
    if (!plan) continue;
    CHECK(plan->ranges.size() == row.ranges);
    CHECK(plan->pks.size() == row.pks);
  }
}

TEST_CASE("index: scan: the fields named, as reading the whole text gives them") {
  const Json document = {{"a", {{"b", {1, "x\"]}", nullptr}}}},
                         {"b\"\\", "q\\\\\""},
                         {"c", {}},
                         {"d", 1.5e300},
                         {"e", "😀ä\n"},
                         {"", true},
                         {"z", "last"}};
  const std::string text = dump_json(document);
  std::vector<std::string> names;
  for (const auto& [name, value] : document.items()) {
    CHECK(detail::scan_fields(text, std::vector{name}) == Json{{name, value}});
    names.push_back(name);
  }
  CHECK(detail::scan_fields(text, names) == document);
  CHECK(detail::scan_fields(text, std::vector<std::string>{"0", "bb", "zz"}) == Json::object());
  CHECK(detail::scan_fields("{}", names) == Json::object());
}

TEST_CASE("index: primary key: found by every value that is loosely equal to it") {
  in_both_places(with_pk(), [](StoreFixture& fixture) {
    for (const Json& id : {Json("05"), Json(5), Json("x"), Json(" 7 "), Json("Infinity")}) {
      fixture.add({{"id", id}});
    }
    CHECK(fixture.found({{"id", 5}}) == R"([{"id":"05"},{"id":5}])");
    CHECK(fixture.found({{"id", "5"}}) == R"([{"id":5}])");
    CHECK(fixture.found({{"id", "x"}}) == R"([{"id":"x"}])");
    CHECK(fixture.found({{"id", 7}}) == R"([{"id":" 7 "}])");
    CHECK(fixture.found({{"id", {{"$in", {5, "x"}}}}}) == R"([{"id":5},{"id":"x"}])");
    CHECK(fixture.found({{"id", {{"$eqs", "05"}}}}) == R"([{"id":"05"}])");
    CHECK(fixture.found({{"id", {5}}}) == R"([{"id":5}])");
    CHECK(fixture.found({{"id", "Infinity"}}) == R"([{"id":"Infinity"}])");
  });
}

TEST_CASE("index: upkeep: entries follow every change") {
  CollectionOptions options = with_pk();
  options.indices = {FieldPath("n"), FieldPath("tags.length")};
  in_both_places(options, [](StoreFixture& fixture) {
    fixture.add({{"id", "a"}, {"n", 1}, {"tags", {1, 2}}});
    fixture.add({{"id", "b"}, {"n", "1"}});
    CHECK(fixture.found({{"n", 1}, {"id", "a"}}) != "[]");
    CHECK(fixture.found({{"tags.length", 2}}) != "[]");
    REQUIRE(fixture.things().update(ChangeQuery::parse({{"filter", {{"id", "a"}}}}).value(),
                                    {{"n", 2}, {"tags", {1, 2, 3}}}, fixture.soon()));
    CHECK(fixture.found({{"n", 1}}) == R"([{"id":"b","n":"1"}])");
    CHECK(fixture.found({{"n", 2}}) == R"([{"id":"a","n":2,"tags":[1,2,3]}])");
    CHECK(fixture.found({{"tags.length", 2}}) == "[]");
    REQUIRE(fixture.things().remove(Filter::parse({{"n", 2}}).value(), fixture.soon()));
    CHECK(fixture.found({{"n", {{"$gte", 0}}}}) == R"([{"id":"b","n":"1"}])");
  });
}

}  // namespace spreadable::documents
