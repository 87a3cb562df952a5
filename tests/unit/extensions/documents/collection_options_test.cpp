#include "extensions/documents/collection_options.h"

#include <doctest/doctest.h>

namespace spreadable::documents {
namespace {

CollectionOptions options_of(const char* config) {
  auto options = CollectionOptions::parse("collections.test", *parse_json(config));
  REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
  return *options;
}

}  // namespace

TEST_CASE("collection options: defaults: upstream's, and no strangers who change documents") {
  const CollectionOptions options = options_of("{}");
  CHECK(options.pk.empty());
  CHECK(options.limit == 0);
  CHECK(options.bytes_max == 0);
  CHECK_FALSE(options.is_queue);
  REQUIRE(options.eviction_order.size() == 1);
  CHECK(options.eviction_order[0].path.text() == "$accessedAt");
  CHECK(options.replicas.of(100) == 10);
  CHECK(options.duplication_key == "$duplicate");
  CHECK_FALSE(options.schema);
  CHECK(options.permissions.add.who == Permission::Who::anyone);
  CHECK(options.permissions.update.who == Permission::Who::owner);
  CHECK(options.permissions.remove.who == Permission::Who::owner);
}

TEST_CASE("collection options: all options can be written in a config") {
  const CollectionOptions options = options_of(R"({
    "pk": "id", "limit": 100, "maxSize": "200mb", "queue": true,
    "limitationOrder": [["priority", "desc"], "$createdAt"], "preferredDuplicates": "50%",
    "duplicationKey": "hash", "schema": {"props": {"id": "string"}},
    "defaults": {"n": 1}, "setters": {"m": 2}, "getters": {"o": 3},
    "indices": ["n", "a.b", "n"],
    "permissions": {"add": "approval:captcha", "update": "nobody", "delete": "anyone"}})");
  CHECK(options.pk == "id");
  CHECK(options.limit == 100);
  CHECK(options.bytes_max == 200u << 20);
  CHECK(options.is_queue);
  REQUIRE(options.eviction_order.size() == 2);
  CHECK(options.eviction_order[0].is_descending);
  CHECK(options.eviction_order[1].path.text() == "$createdAt");
  CHECK(options.replicas.of(100) == 50);
  CHECK(options.duplication_key == "hash");
  CHECK(options.schema->check({{"id", "a"}}));
  const Json document;
  const std::string path = "n";
  CHECK(options.defaults.at("n")({path, nullptr, document, nullptr}) == Json(1));
  CHECK(options.setters.size() == 1);
  CHECK(options.getters.size() == 1);
  CHECK(options.indices == std::vector{FieldPath("n"), FieldPath("a.b")});
  CHECK(options.permissions.add.text() == "approval:captcha");
  CHECK(options.permissions.update.text() == "nobody");
  CHECK(options_of(R"({"permissions": "open"})").permissions ==
        CollectionOptions::Permissions::open());
}

TEST_CASE("collection options: refusals: name the option, what it must be and what was given") {
  struct Row {
    const char* config;
    const char* message;
  };
  for (
      const Row& row : {
          Row{"[]", "option \"collections.test\": expected an object, got an array of 0"},
          Row{R"({"limits": 1})", "unknown option \"collections.test.limits\""},
          Row{R"({"pk": "$id"})",
              "option \"collections.test.pk\": expected the name of a field that does not begin "
              "with \"$\", got \"$id\""},
          Row{R"({"limit": -1})",
              "option \"collections.test.limit\": expected a number of documents, 0 for any "
              "number, got -1"},
          Row{R"({"limit": 1.5})",
              "option \"collections.test.limit\": expected a number of documents, 0 for any "
              "number, got 1.5"},
          Row{R"({"maxSize": "5 apples"})",
              "option \"collections.test.maxSize\": expected a size such as \"200mb\", or a number "
              "of bytes, 0 for any number, got \"5 apples\""},
          Row{R"({"queue": 1})",
              "option \"collections.test.queue\": expected true or false, got 1"},
          Row{R"({"preferredDuplicates": "some"})",
              "option \"collections.test.preferredDuplicates\": expected \"auto\", "
              "\"r-<degree>\", \"<share>%\" or a number, got \"some\""},
          Row{R"({"duplicationKey": "$loki"})",
              "option \"collections.test.duplicationKey\": expected the name of a field that is "
              "not used already, got \"$loki\""},
          Row{R"({"pk": "a", "duplicationKey": "a"})",
              "option \"collections.test.duplicationKey\": expected another field than the pk"},
          Row{R"({"indices": "n"})",
              "option \"collections.test.indices\": expected a list of at most 16 paths of fields, "
              "got \"n\""},
          Row{R"({"defaults": 5})",
              "option \"collections.test.defaults\": expected an object of values by path, got 5"},
          Row{R"({"permissions": {"remove": "anyone"}})",
              "unknown option \"collections.test.permissions.remove\""},
          Row{R"({"permissions": {"add": "approval:"}})",
              "option \"collections.test.permissions.add\": expected \"anyone\", \"owner\", "
              "\"nobody\" or \"approval:<name>\", got \"approval:\""},
          Row{R"({"permissions": "closed"})",
              "option \"collections.test.permissions\": expected \"open\", or an object with "
              "\"add\", \"update\" or \"delete\", got \"closed\""},
          Row{R"({"schema": {"props": {"a": {"type": "text"}}}})",
              "option \"collections.test.schema.props.a.type\": expected \"string\", \"number\", "
              "\"boolean\", \"array\" or \"object\", got \"text\""},
          Row{R"({"schema": {"propz": {}}})", "unknown option \"collections.test.schema.propz\""},
      }) {
    INFO(row.config);
    const auto options = CollectionOptions::parse("collections.test", *parse_json(row.config));
    REQUIRE_FALSE(options);
    CHECK(options.error().code == Errc::invalid_argument);
    CHECK(options.error().message == row.message);
  }
  for (const char* order : {R"("$loki")", R"([])", R"([["a"]])", R"([["a", "up"]])", R"(5)"}) {
    INFO(order);
    CHECK_FALSE(CollectionOptions::parse("c", {{"limitationOrder", *parse_json(order)}}));
  }
}

TEST_CASE("collection options: schema: upstream's notation") {
  struct Row {
    const char* notation;
    const char* document;
    const char* suffix;  ///< of the code; empty: accepted
  };
  for (const Row& row : {
           Row{R"({"props": {"a": "string"}})", R"({"a": "x"})", ""},
           Row{R"({"props": {"a": "string"}})", R"({})", ""},
           Row{R"({"props": {"a": "string"}})", R"({"a": 1})", "WRONG_DATA_TYPE"},
           Row{R"({"props": {"a": "string"}})", R"({"b": 1})", "EXPECTED"},
           Row{R"({"props": {"a": "string"}, "expected": false})", R"({"b": 1})", ""},
           Row{R"({"props": {"a": "string"}, "required": ["a"]})", R"({})", "REQUIRED_PROPS"},
           Row{R"({"props": {"a": "string"}, "strict": true})", R"({})", "STRICT"},
           Row{R"({"props": {"a": ["string", "number"]}})", R"({"a": 1})", ""},
           Row{R"({"props": {"a": ["string", "number"]}})", R"({"a": true})", "WRONG_DATA_TYPE"},
           Row{R"({"props": {"a": {"type": "number", "value": [1, 2]}}})", R"({"a": 2})", ""},
           Row{R"({"props": {"a": {"type": "number", "value": [1, 2]}}})", R"({"a": 3})", "VALUE"},
           Row{R"({"props": {"a": {"type": "array", "items": "number"}}})", R"({"a": ["x"]})",
               "WRONG_DATA_TYPE"},
           Row{R"({"props": {"a": {"type": "array", "maxLength": 1}}})", R"({"a": [1, 2]})",
               "WRONG_ARRAY_MAX_LENGTH"},
           Row{R"({"props": {"a": {"type": "array", "minLength": 1}}})", R"({"a": []})",
               "WRONG_ARRAY_MIN_LENGTH"},
           Row{R"({"props": {"a": {"type": "array", "uniq": true}}})", R"({"a": [1, 1]})",
               "WRONG_ARRAY_UNIQUENESS"},
           Row{R"({"props": {"a": {"type": "array", "uniq": "k"}}})",
               R"({"a": [{"k": 1}, {"k": 1}]})", "WRONG_ARRAY_UNIQUENESS"},
           Row{R"({"props": {"a": {"type": "object", "props": {"b": "number"}}}})",
               R"({"a": {"b": 1, "c": 2}})", ""},
           Row{R"({"props": {"a": {"type": "object", "canBeNull": true}}})", R"({"a": null})", ""},
           Row{R"({"props": {"a": {"type": "object"}}})", R"({"a": null})", "NULL"},
       }) {
    INFO(row.notation, " for ", row.document);
    const auto schema = parse_document_schema("schema", *parse_json(row.notation));
    REQUIRE_MESSAGE(schema, (schema ? "" : schema.error().message));
    const auto checked = schema->check(*parse_json(row.document));
    const std::string code = checked ? "" : checked.error().wire_code;
    CHECK(code ==
          (*row.suffix == '\0' ? "" : "ERR_SPREADABLE_VALIDATE_SCHEMA_" + std::string(row.suffix)));
  }
}

}  // namespace spreadable::documents
