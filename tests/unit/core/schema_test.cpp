#include "core/schema.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace spreadable {
namespace {

std::string wire_code(const char* suffix) {
  return std::string("ERR_SPREADABLE_VALIDATE_SCHEMA_") + suffix;
}

/// One value that a schema refuses.
struct Refusal {
  const char* json;
  const char* suffix;  ///< of the wire code
  const char* message;
};

void check_refusals(const Schema& schema, std::initializer_list<Refusal> refusals) {
  for (const Refusal& row : refusals) {
    INFO(row.json);
    const auto result = schema.check(*parse_json(row.json));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::invalid_argument);
    CHECK(result.error().wire_code == wire_code(row.suffix));
    CHECK(result.error().message == row.message);
  }
}

void check_accepted(const Schema& schema, std::initializer_list<const char*> texts) {
  for (const char* text : texts) {
    INFO(text);
    const auto result = schema.check(*parse_json(text));
    CHECK_MESSAGE(result, (result ? "" : result.error().message));
  }
}

/// As upstream asks for it. Source: protocol section 1.11.
Schema provide_registration() {
  const Schema candidate = schema::object({{"address", schema::address()}}, schema::Keys::strict);
  const Schema result =
      schema::object({{"networkSize", schema::number()},
                      {"address", schema::address()},
                      {"candidates", schema::array(candidate, {.unique_by = "address"})}},
                     schema::Keys::strict);
  return schema::object({{"address", schema::address()},
                         {"networkSize", schema::number()},
                         {"syncLifetime", schema::number()},
                         {"results", schema::array(result)}},
                        schema::Keys::strict);
}

}  // namespace

TEST_CASE("schema: wire: the captured answer of provide-registration passes") {
  check_accepted(
      provide_registration(),
      {
          R"({"results":[{"address":"localhost:7200","networkSize":1,
          "candidates":[{"address":"localhost:7200"}]}],"syncLifetime":320000,"networkSize":1,
          "address":"localhost:7200"})",
          R"({"results":[],"syncLifetime":0.5,"networkSize":1,"address":"localhost:7200"})",
      });
}

TEST_CASE("schema: wire: a refusal names the place, what is expected and what is there") {
  check_refusals(
      provide_registration(),
      {
          {R"({"results":[],"syncLifetime":null,"networkSize":1,"address":"localhost:1"})", "NULL",
           R"("syncLifetime": expected a number, got null)"},
          {R"({"results":[],"syncLifetime":1,"networkSize":1,"address":"localhost"})", "VALUE",
           R"("address": expected a node address, got "localhost")"},
          {R"({"results":[],"syncLifetime":1,"networkSize":1})", "STRICT",
           R"("address": expected a value, got nothing)"},
          {R"({"results":[],"syncLifetime":1,"networkSize":1,"address":"localhost:1","x":2})",
           "STRICT", R"(value: expected only the known keys, got "x")"},
          {R"({"results":[{"address":5,"networkSize":1,"candidates":[]}],"syncLifetime":1,
          "networkSize":1,"address":"localhost:1"})",
           "WRONG_DATA_TYPE", R"("results[0].address": expected a node address, got 5)"},
          {R"({"results":[{"address":"localhost:1","networkSize":1,"candidates":[
          {"address":"localhost:2"},{"address":"localhost:1"},{"address":"localhost:2"}]}],
          "syncLifetime":1,"networkSize":1,"address":"localhost:1"})",
           "WRONG_ARRAY_UNIQUENESS",
           R"("results[0].candidates[2].address": expected no other item to have the same, got "localhost:2")"},
          {"[]", "WRONG_DATA_TYPE", "value: expected an object, got an array of 0"},
          {"null", "NULL", "value: expected an object, got null"},
      });
}

TEST_CASE("schema: number: whatever JSON calls a number, and nothing that it cannot write") {
  check_accepted(schema::number(), {"0", "-1", "1.5", "1e300", "18446744073709551615"});
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_FALSE(schema::number().check(Json(bad)));
    CHECK_FALSE(schema::integer().check(Json(bad)));
  }
  check_refusals(schema::number(),
                 {
                     {R"("1")", "WRONG_DATA_TYPE", R"(value: expected a number, got "1")"},
                     {"true", "WRONG_DATA_TYPE", "value: expected a number, got true"},
                 });
}

TEST_CASE("schema: integer: whole numbers in range, however they are written") {
  check_accepted(schema::integer({.min = -1, .max = 5}),
                 {"-1", "0", "5", "5.0", "-1.0", "-0.0", "5e0"});
  check_refusals(schema::integer({.min = -1, .max = 5}),
                 {
                     {"6", "VALUE", "value: expected an integer from -1 to 5, got 6"},
                     {"-2", "VALUE", "value: expected an integer from -1 to 5, got -2"},
                     {"4.5", "VALUE", "value: expected an integer from -1 to 5, got 4.5"},
                     {"1e300", "VALUE", "value: expected an integer from -1 to 5, got 1e+300"},
                     {"18446744073709551615", "VALUE",
                      "value: expected an integer from -1 to 5, got 18446744073709551615"},
                     {R"("5")", "WRONG_DATA_TYPE", R"(value: expected an integer, got "5")"},
                     {"null", "NULL", "value: expected an integer, got null"},
                 });
  check_accepted(schema::integer(), {"9007199254740991", "-9007199254740991"});
  CHECK_FALSE(schema::integer().check(Json(9'007'199'254'740'992)));
}

TEST_CASE("schema: string: length in bytes and a test of the text") {
  const Schema key =
      schema::string({.bytes_min = 2,
                      .bytes_max = 3,
                      .is_valid = [](std::string_view text) { return text[0] == 'k'; },
                      .expected = "a key"});
  check_accepted(key, {R"("k1")", R"("k12")", R"("kя")"});
  check_refusals(key,
                 {
                     {R"("k")", "VALUE", R"(value: expected a key of 2 to 3 bytes, got "k")"},
                     {R"("k123")", "VALUE", R"(value: expected a key of 2 to 3 bytes, got "k123")"},
                     {R"("x12")", "VALUE", R"(value: expected a key, got "x12")"},
                     {"12", "WRONG_DATA_TYPE", "value: expected a key, got 12"},
                 });
  check_accepted(schema::string(), {R"("")", R"("any text")"});
}

TEST_CASE("schema: a length without an end is told without one") {
  const auto message = [](const schema::StringLimits& limits, const char* text) {
    return schema::string(limits).check(Json(text)).error().message;
  };
  CHECK(message({.bytes_min = 1}, "") == "value: expected a string of at least 1 byte, got \"\"");
  CHECK(message({.bytes_min = 2}, "x") ==
        "value: expected a string of at least 2 bytes, got \"x\"");
  CHECK(message({.bytes_max = 1}, "xy") ==
        "value: expected a string of at most 1 byte, got \"xy\"");
}

TEST_CASE("schema: plain kinds: each accepts its own and nothing else") {
  struct Row {
    Schema schema;
    std::vector<const char*> accepted;
  };
  const char* const samples[] = {"null",           "true", "5",  R"("x")", R"("1.2.3.4")",
                                 R"("abc.com:1")", "[]",   "{}", "1.5"};
  for (const Row& row :
       {Row{schema::null(), {"null"}}, Row{schema::boolean(), {"true"}},
        Row{schema::number(), {"5", "1.5"}}, Row{schema::integer(), {"5"}},
        Row{schema::string(), {R"("x")", R"("1.2.3.4")", R"("abc.com:1")"}},
        Row{schema::address(), {R"("abc.com:1")"}}, Row{schema::ip(), {R"("1.2.3.4")"}},
        Row{schema::array(schema::any()), {"[]"}}, Row{schema::object({}), {"{}"}}}) {
    for (const std::string_view sample : samples) {
      INFO(sample);
      const bool is_accepted = std::count(row.accepted.begin(), row.accepted.end(), sample) > 0;
      CHECK(row.schema.check(*parse_json(sample)).has_value() == is_accepted);
      CHECK(schema::any().check(*parse_json(sample)));
    }
  }
}

TEST_CASE("schema: array: items and their number") {
  const Schema array = schema::array(schema::integer(), {.items_min = 1, .items_max = 2});
  check_accepted(array, {"[1]", "[1,1]"});
  check_refusals(
      array,
      {
          {"[]", "WRONG_ARRAY_MIN_LENGTH", "value: expected at least 1 items, got an array of 0"},
          {"[1,2,3]", "WRONG_ARRAY_MAX_LENGTH",
           "value: expected at most 2 items, got an array of 3"},
          {"[1,\"2\"]", "WRONG_DATA_TYPE", R"("[1]": expected an integer, got "2")"},
          {"{}", "WRONG_DATA_TYPE", "value: expected an array, got an object of 0"},
      });
}

TEST_CASE("schema: array: unique items, numbers by their value") {
  const Schema unique = schema::array(schema::any(), {.is_unique = true});
  check_accepted(unique, {"[]", R"([1,"1",true,1.5,"x"])", "[0,false]"});
  check_refusals(
      unique,
      {
          {"[1,2,1]", "WRONG_ARRAY_UNIQUENESS",
           R"("[2]": expected no other item to have the same, got 1)"},
          {"[5,5.0]", "WRONG_ARRAY_UNIQUENESS",
           R"("[1]": expected no other item to have the same, got 5.0)"},
          {R"(["a","b","b"])", "WRONG_ARRAY_UNIQUENESS",
           R"("[2]": expected no other item to have the same, got "b")"},
          {"[[]]", "VALUE", R"("[0]": expected a string, number or boolean, got an array of 0)"},
          // Near 2^53 integers and doubles have no consistent order of their own.
          {"[9007199254740993,9007199254740992.0]", "WRONG_ARRAY_UNIQUENESS",
           R"("[1]": expected no other item to have the same, got 9.007199254740992e+15)"},
      });
  const Schema by_id = schema::array(schema::any(), {.unique_by = "id"});
  check_accepted(by_id, {R"([{"id":1},{"id":2},{},{},5])"});
  check_refusals(by_id,
                 {
                     {R"([{"id":1},{"id":1}])", "WRONG_ARRAY_UNIQUENESS",
                      R"("[1].id": expected no other item to have the same, got 1)"},
                     {R"([{"id":{}}])", "VALUE",
                      R"("[0].id": expected a string, number or boolean, got an object of 0)"},
                 });
}

TEST_CASE("schema: object: what the three ways treat differently") {
  struct Row {
    schema::Keys keys;
    const char* missing;  ///< suffix for a missing property
    const char* extra;    ///< suffix for an extra key; empty: accepted
  };
  for (const Row& row : {Row{schema::Keys::open, "REQUIRED_PROPS", ""},
                         Row{schema::Keys::listed, "REQUIRED_PROPS", "EXPECTED"},
                         Row{schema::Keys::strict, "STRICT", "STRICT"}}) {
    const Schema object =
        schema::object({{"b", schema::null()}, schema::optional("a", schema::boolean())}, row.keys);
    check_accepted(object, {R"({"b":null})", R"({"a":true,"b":null})"});
    check_refusals(
        object, {{R"({"a":true})", row.missing, R"("b": expected a value, got nothing)"},
                 {R"({"a":5,"b":null})", "WRONG_DATA_TYPE", R"("a": expected a boolean, got 5)"}});
    const auto extra = object.check(*parse_json(R"({"b":null,"c":1})"));
    CHECK(extra.has_value() == (*row.extra == '\0'));
    if (!extra) CHECK(extra.error().wire_code == wire_code(row.extra));
  }
}

TEST_CASE("schema: any of: one is enough, else the last is reported") {
  const Schema either = schema::any_of({schema::null(), schema::object({{"x", schema::number()}})});
  check_accepted(either, {"null", R"({"x":1})"});
  check_refusals(either,
                 {{R"({"x":true})", "WRONG_DATA_TYPE", R"("x": expected a number, got true)"},
                  {"5", "WRONG_DATA_TYPE", "value: expected an object, got 5"}});
}

TEST_CASE("schema: message: foreign text is cut, foreign structures are only counted") {
  const std::string head(63, 'x');
  const auto result = schema::number().check(Json(head + "яяя"));
  REQUIRE_FALSE(result);
  CHECK(result.error().message == "value: expected a number, got \"" + head + "…\"");
  const auto key =
      schema::object({}, schema::Keys::listed).check(Json{{std::string(9999, 'k'), 1}});
  REQUIRE_FALSE(key);
  CHECK(key.error().message.size() < 200);
}

TEST_CASE("schema: cost: many items are checked for uniqueness without a quadratic step") {
  Json array = Json::array();
  for (int i = 0; i < 200'000; ++i) array.push_back("localhost:" + std::to_string(i));
  const Schema unique = schema::array(schema::string(), {.is_unique = true});
  CHECK(unique.check(array));
  array.push_back("localhost:0");
  CHECK(unique.check(array).error().message ==
        R"("[200000]": expected no other item to have the same, got "localhost:0")");
}

TEST_CASE("schema: one of: the values listed, and no others") {
  const Schema schema = schema::one_of({"red", 5, true});
  check_accepted(schema, {"\"red\"", "5", "5.0", "true"});
  check_refusals(schema,
                 {{"\"green\"", "VALUE", "value: expected one of \"red\", 5, true, got \"green\""},
                  {"\"5\"", "VALUE", "value: expected one of \"red\", 5, true, got \"5\""},
                  {"1", "VALUE", "value: expected one of \"red\", 5, true, got 1"},
                  {"null", "VALUE", "value: expected one of \"red\", 5, true, got null"}});
  check_refusals(schema::one_of({"red"}),
                 {{"[]", "VALUE", "value: expected \"red\", got an array of 0"}});
}

}  // namespace spreadable
