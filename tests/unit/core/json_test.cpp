#include "core/json.h"

#include <doctest/doctest.h>

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

TEST_CASE("json: parse: nesting is refused just above the limit") {
  const auto nested = [](std::size_t depth) {
    return parse_json(std::string(depth, '[') + std::string(depth, ']'));
  };
  CHECK(nested(kJsonDepthMax));
  CHECK_FALSE(nested(kJsonDepthMax + 1));
  CHECK_FALSE(nested(1'000'000));
  CHECK(parse_json("\"" + std::string(1000, '[') + "\""));  // brackets in a string do not nest
}

TEST_CASE("json: dump: bytes that are not UTF-8 are replaced, not thrown at the caller") {
  CHECK(dump_json(Json("a\xff")) == "\"a\xEF\xBF\xBD\"");
}

}  // namespace spreadable
