#include "core/json.h"

#include <doctest/doctest.h>

#include <limits>

namespace spreadable {

TEST_CASE("json: parse: reads what is JSON and says where it is not") {
  const auto value = parse_json(R"({"a":[1,2.5,"x"]})");
  REQUIRE(value);
  CHECK((*value)["a"][1] == 2.5);
  for (const char* bad : {"", "{", "{\"a\":}", "nul", "[1,]", "1 2", "\"\\x\"", "1e999999"}) {
    INFO(bad);
    const auto result = parse_json(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::bad_request);
  }
}

TEST_CASE("json: parse: no text at all is refused as an empty one is") {
  CHECK(parse_json(std::string_view()).error().code == Errc::bad_request);
}

TEST_CASE("json: parse: nesting is refused just above the limit") {
  const auto nested = [](std::size_t depth) {
    return parse_json(std::string(depth, '[') + std::string(depth, ']'));
  };
  CHECK(nested(kJsonDepthMax));
  CHECK_FALSE(nested(kJsonDepthMax + 1));
  CHECK_FALSE(nested(1'000'000));
  CHECK(parse_json("\"" + std::string(1000, '[') + "\""));  // brackets in a string do not nest
}

TEST_CASE("json: parse: numbers keep their kind and their value") {
  for (const char* text : {"0",
                           "-0",
                           "1",
                           "-1",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "18446744073709551615",
                           "18446744073709551616",
                           "-9223372036854775809",
                           "1e3",
                           "1.0",
                           "-0.0",
                           "0.1",
                           "5e-324",
                           "2.2250738585072011e-308",
                           "1.7976931348623157e308",
                           "123456789012345678901234567890",
                           "0.30000000000000004",
                           "9007199254740993",
                           "1E-400"}) {
    INFO(text);
    const auto value = parse_json(text);
    const Json expected = Json::parse(text);
    REQUIRE(value);
    CHECK(*value == expected);
    CHECK(dump_json(*value) == dump_json(expected));
    if (text != std::string_view("-0")) CHECK(value->type() == expected.type());
  }
}

TEST_CASE("json: parse: what a text means, and whether it is one, is the same for all sizes") {
  const std::string filler = "\"" + std::string(100'000, 'x') + "\"";
  for (const char* text : {R"({"a":1,"a":2})",
                           R"({"b":[],"a":{},"":null,"a\u0000b":true})",
                           R"("\ud83d\ude00\u00e9\n")",
                           R"("\ud800")",
                           R"("\udc00")",
                           R"("\ud800\u0041")",
                           "\"\xc3\"",
                           "\"\xed\xa0\x80\"",
                           "\"a\tb\"",
                           "[1 2]",
                           "{\"a\" 1}",
                           "{a:1}",
                           "[01]",
                           "[1.]",
                           "[.5]",
                           "[+1]",
                           "[-]",
                           "[NaN]",
                           "tru",
                           "[true]x",
                           "\xef\xbb\xbf[1]",
                           " [ 1 , 2 ] ",
                           "[1,2",
                           "]",
                           "\"",
                           "\"\\",
                           "{\"a\":1,}",
                           "/**/1",
                           "'a'"}) {
    INFO(text);
    const Json expected = Json::parse(std::string(text), nullptr, /*allow_exceptions=*/false);
    const auto value = parse_json(text);
    CHECK(value.has_value() == !expected.is_discarded());
    if (value) CHECK(dump_json(*value) == dump_json(expected));
    const auto large = parse_json("[" + filler + "," + text + "]");
    const Json large_expected =
        Json::parse("[" + filler + "," + text + "]", nullptr, /*allow_exceptions=*/false);
    CHECK(large.has_value() == !large_expected.is_discarded());
    if (large) CHECK(dump_json(*large) == dump_json(large_expected));
  }
}

TEST_CASE("json: dump: every byte of every place in a text is written as nlohmann/json writes it") {
  for (std::size_t length = 0; length < 20; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(length, 'a');
        text[place] = static_cast<char>(byte);
        const Json value{{text, text}};
        const std::string expected = value.dump(-1, ' ', false, Json::error_handler_t::replace);
        if (dump_json(value) != expected) {
          FAIL_CHECK("length ", length, ", place ", place, ", byte ", byte);
        }
      }
    }
  }
}

TEST_CASE("json: dump: values of all kinds are written as nlohmann/json writes them") {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  for (const Json& value :
       {Json(), Json(true), Json(0), Json(-1), Json(least), Json(most), Json(0.1), Json(-0.0),
        Json(1e300), Json(std::numeric_limits<double>::infinity()), Json(""),
        Json("\u00e9\U0001f600"), Json::object(), Json::array(),
        Json::array({1, Json::array(), Json::object(), "x", nullptr}),
        Json{{"b", {{"c", {1, 2.5, "\n"}}}}, {"a", Json::array({Json::object()})}, {"", false}}}) {
    CHECK(dump_json(value) == value.dump());
  }
}

TEST_CASE("json: dump: bytes that are not UTF-8 are replaced, not thrown at the caller") {
  CHECK(dump_json(Json("a\xff")) == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("json: dump: a length that is known beforehand changes nothing but the room") {
  const Json value = Json::array({1, "text", {{"a", nullptr}}});
  for (const std::size_t bytes : {0U, 1U, 1'000U}) {
    const std::string text = dump_json(value, bytes);
    CHECK(text == value.dump());
    CHECK(text.capacity() >= bytes);
  }
}

TEST_CASE("json: memory: what values take, and not what stands in their place anyway") {
  for (const Json& value : {Json(), Json(1), Json(0.5), Json(true)}) CHECK(memory_of(value) == 0);
  const std::size_t short_text = memory_of("a");
  CHECK(short_text >= sizeof(std::string));
  CHECK(memory_of(std::string(1'000, 'a')) >= short_text + 1'000);
  CHECK(memory_of(std::string(1'000, 'a')) < short_text + 1'100);
  const Json numbers(std::vector<int>(100, 7));
  CHECK(memory_of(numbers) >= 100 * sizeof(Json));
  CHECK(memory_of(numbers) < 120 * sizeof(Json));
  const Json object{{"name", 1}};
  CHECK(memory_of(object) >= sizeof(Json::object_t) + sizeof(Json::object_t::value_type));
  CHECK(memory_of(Json::array({object, object})) > 2 * memory_of(object));
}

}  // namespace spreadable
