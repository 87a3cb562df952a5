#include "extensions/documents/collection.h"

#include <doctest/doctest.h>

#include "extensions/documents/wire.h"
#include "services/system/system_random.h"
#include "tests/support/manual_clock.h"

namespace spreadable::documents {
namespace {

/// Prepares documents of one collection.
struct Preparation {
  explicit Preparation(CollectionOptions options) : collection("test", std::move(options)) {}

  Result<Json> operator()(const char* fields, const Json* previous = nullptr) {
    return collection.prepared(*parse_json(fields), previous, clock, random);
  }

  Collection collection;
  ManualClock clock;
  SeededRandom random{1};
};

}  // namespace

TEST_CASE("collection: names: those that upstream does not lose") {
  for (const char* name : {"a", "test", "test2", "my-things_2"})
    CHECK(Collection::check_name(name));
  for (const char* name : {"", "A", "2a", "tEst", "a b", "$a", "a.b", "ä"}) {
    INFO(name);
    CHECK_FALSE(Collection::check_name(name));
  }
  CHECK(Collection::check_name(std::string(64, 'a')));
  CHECK_FALSE(Collection::check_name(std::string(65, 'a')));
}

TEST_CASE("collection: accepted: fields of the user alone, and no null") {
  const Collection collection("test", {});
  CHECK(*collection.accepted({{"a", {1, 2}}, {"$createdAt", 5}}) == Json{{"a", {1, 2}}});
  for (const Json& document : {Json(), Json(5), Json::array(), Json::object()}) {
    INFO(dump_json(document));
    CHECK(collection.accepted(document).error().wire_code == wire::kInvalidDocument);
  }
  Json deep = 1;
  for (std::size_t level = 0; level < Collection::kDocumentDepthMax; ++level) deep = {{"a", deep}};
  CHECK(collection.accepted(deep));
  CHECK(collection.accepted({{"a", deep}}).error().wire_code == wire::kInvalidDocument);
  CHECK(collection.accepted({{"a", {{"b", nullptr}}}}).error().wire_code == wire::kWrongFields);
  CHECK(collection.accepted({{"a", {1, nullptr}}}).error().wire_code == wire::kWrongFields);
  CHECK(collection.accepted({{"a", std::string(Collection::kDocumentBytesMax - 8, 'x')}}));
  CHECK(collection.accepted({{"a", std::string(Collection::kDocumentBytesMax - 7, 'x')}})
            .error()
            .code == Errc::too_large);
}

TEST_CASE("collection: prepared: defaults for what is missing, then setters, then the schema") {
  CollectionOptions options;
  options.defaults["n"] = always(1);
  options.defaults["b.c"] = [](const FieldContext& field) -> std::optional<Json> {
    return Json(field.path + " of " + std::to_string(field.document.size()));
  };
  options.setters["n"] = [](const FieldContext& field) -> std::optional<Json> {
    return field.value->get<int>() * 10 + (field.previous == nullptr ? 0 : 1);
  };
  options.setters["secret"] = [](const FieldContext&) { return std::optional<Json>(); };
  options.schema = parse_document_schema("schema", *parse_json(R"({"props": {"n": "number",
      "b": "object"}})"))
                       .value();
  Preparation prepare(options);
  CHECK(dump_json(*prepare("{}")) == R"({"b":{"c":"b.c of 0"},"n":10})");
  CHECK(dump_json(*prepare(R"({"n":2,"b":{"c":1},"secret":1})")) == R"({"b":{"c":1},"n":20})");
  const Json previous = {{"n", 1}};
  CHECK(dump_json(*prepare(R"({"n":2,"b":{"c":1}})", &previous)) == R"({"b":{"c":1},"n":21})");
  const auto refused = prepare(R"({"x":1})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::logical);
  CHECK(refused.error().wire_code == "ERR_SPREADABLE_VALIDATE_SCHEMA_EXPECTED");
}

TEST_CASE("collection: prepared: a function that throws refuses the document and names the field") {
  CollectionOptions options;
  options.setters["n"] = [](const FieldContext&) -> std::optional<Json> {
    throw std::runtime_error("no");
  };
  const auto refused = Preparation(options)("{}");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().wire_code == wire::kInvalidDocument);
  CHECK(refused.error().message == "the function of field \"n\" failed: no");
}

TEST_CASE("collection: primary key: kept, made anew, or the one from before") {
  CollectionOptions options;
  options.pk = "id";
  Preparation prepare(options);
  CHECK(prepare(R"({"id":"a"})")->at("id") == "a");
  CHECK(prepare(R"({"id":5})")->at("id") == 5);
  for (const char* none : {"{}", R"({"id":0})", R"({"id":""})", R"({"id":false})"}) {
    INFO(none);
    CHECK(prepare(none)->at("id").get<std::string>().size() == 36);
    const Json previous = {{"id", "old"}};
    CHECK(prepare(none, &previous)->at("id") == "old");
  }
  for (const char* wrong : {R"({"id":true})", R"({"id":[1]})", R"({"id":{"a":1}})"}) {
    INFO(wrong);
    CHECK(prepare(wrong).error().wire_code == wire::kInvalidPkType);
  }
}

TEST_CASE("collection: changes: objects by key, lists by place, everything else replaced") {
  const Collection collection("test", {});
  struct Row {
    const char* fields;
    const char* change;
    const char* merged;
  };
  for (const Row& row : {
           Row{R"({"a":1,"b":2})", R"({"a":5,"c":3})", R"({"a":5,"b":2,"c":3})"},
           Row{R"({"a":{"b":1,"c":2}})", R"({"a":{"b":5}})", R"({"a":{"b":5,"c":2}})"},
           Row{R"({"a":[1,2,3]})", R"({"a":[9]})", R"({"a":[9,2,3]})"},
           Row{R"({"a":[{"x":1}]})", R"({"a":[{"y":2},5]})", R"({"a":[{"x":1,"y":2},5]})"},
           Row{R"({"a":[1]})", R"({"a":{"0":5,"1":6,"x":7}})", R"({"a":[5,6]})"},
           Row{R"({"a":{"x":1}})", R"({"a":[1]})", R"({"a":[1]})"},
           Row{R"({"a":5})", R"({"a":{"x":1}})", R"({"a":{"x":1}})"},
           Row{R"({"a":5})", R"({"a":null})", R"({"a":null})"},
           Row{R"({"a":5})", R"({"$createdAt":1})", R"({"a":5})"},
       }) {
    INFO(row.change, " into ", row.fields);
    CHECK(dump_json(collection.changed(*parse_json(row.fields), *parse_json(row.change),
                                       /*replaces=*/false)) == row.merged);
  }
  CHECK(dump_json(collection.changed({{"a", 1}}, {{"b", 2}, {"$x", 1}}, /*replaces=*/true)) ==
        R"({"b":2})");
  CollectionOptions options;
  options.duplication_key = "hash";
  CHECK(dump_json(Collection("test", options)
                      .changed({{"hash", "h"}}, {{"hash", "x"}, {"b", 2}}, /*replaces=*/true)) ==
        R"({"b":2,"hash":"h"})");
}

TEST_CASE("collection: on the way out: getters, and as many system fields as the asker may see") {
  CollectionOptions options;
  options.getters["n"] = [](const FieldContext& field) -> std::optional<Json> {
    return field.document.at("n").get<int>() + 1;
  };
  const Collection collection("test", options);
  const WallTime now(Millis(1'000));
  const Document document{.row = 7,
                          .key = "k",
                          .fields = {{"n", 1}},
                          .created_at = now,
                          .updated_at = now + Millis(1),
                          .accessed_at = now + Millis(2)};
  CHECK(dump_json(collection.for_node(document)) == R"({"$duplicate":"k","n":2})");
  CHECK(dump_json(collection.with_system_fields(document)) ==
        R"({"$accessedAt":1002,"$collection":"test","$createdAt":1000,"$duplicate":"k",)"
        R"("$loki":7,"$updatedAt":1001,"n":2})");
  CHECK(dump_json(collection.for_client(collection.for_node(document))) == R"({"n":2})");
  CHECK(dump_json(collection.presented({{"m", 1}})) == R"({"m":1})");  // the getter failed
}

TEST_CASE("collection: keys: UUIDs of version 7, in order of time") {
  SeededRandom random(1);
  std::string last;
  for (int i = 0; i < 100; ++i) {
    const std::string key = make_key(WallTime(Millis(1'700'000'000'000 + i)), random);
    REQUIRE(key.size() == 36);
    CHECK(key[14] == '7');
    CHECK(std::string_view("89ab").find(key[19]) != std::string_view::npos);
    CHECK(last < key);
    last = key;
  }
}

}  // namespace spreadable::documents
