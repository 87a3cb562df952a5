#include "core/json.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace spreadable {

namespace {

/// Writes down what it is told, as far as `most` pieces.
class EventReader final : public nlohmann::json_sax<Json> {
 public:
  explicit EventReader(std::size_t most = SIZE_MAX) : most_(most) {}

  bool null() override { return note("null"); }
  bool boolean(bool value) override { return note(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return note("i" + std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    return note("u" + std::to_string(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return note("f" + std::to_string(value));
  }
  bool string(string_t& value) override { return note("s" + value); }
  bool binary(binary_t&) override { return note("binary"); }
  bool start_object(std::size_t) override { return note("{"); }
  bool key(string_t& value) override { return note("k" + value); }
  bool end_object() override { return note("}"); }
  bool start_array(std::size_t) override { return note("["); }
  bool end_array() override { return note("]"); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    is_wrong = true;
    return false;
  }

  std::vector<std::string> events;
  bool is_wrong = false;

 private:
  bool note(std::string event) {
    events.push_back(std::move(event));
    return events.size() < most_;
  }

  const std::size_t most_;
};

}  // namespace

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

TEST_CASE("json: read: a reader is told what nlohmann/json would tell it") {
  const std::string deep(100, '[');
  const std::string long_text = "[\"" + std::string(100'000, 'x') + "\",{\"a\":[1,-2,0.5]}]";
  for (const std::string& text :
       {std::string(R"({"b":[],"a":{"c":null},"":true,"a":false})"),
        std::string(R"([0,7,-7,18446744073709551615,-9223372036854775808,1e3,-0.25])"),
        std::string("[18446744073709551616]"), std::string("[1e999]"),
        std::string("\xef\xbb\xbf[1]"), std::string(R"("\ud83d\ude00")"), std::string("null"),
        std::string(" 12 "), std::string(), std::string("{\"a\":1,}"), std::string("[1 2]"),
        std::string("[1]x"), std::string("\"\xc3\""), deep + std::string(100, ']'), deep, long_text,
        long_text + "x"}) {
    INFO(text.substr(0, 80));
    EventReader expected;
    const bool is_json = Json::sax_parse(text.begin(), text.end(), &expected);
    EventReader reader;
    CHECK(read_json(text, reader) == is_json);
    if (is_json) CHECK(reader.events == expected.events);
    CHECK(reader.is_wrong == expected.is_wrong);
  }
}

TEST_CASE("json: read: a reader that wants no more is told no more") {
  const std::string_view text = R"({"a":[1,{"b":"c"}],"d":2.5,"e":null})";
  EventReader whole;
  REQUIRE(read_json(text, whole));
  for (std::size_t most = 1; most < whole.events.size(); ++most) {
    EventReader reader(most);
    CHECK_FALSE(read_json(text, reader));
    CHECK(reader.events.size() == most);
    CHECK_FALSE(reader.is_wrong);
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
