#include "core/query.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("query: parameters: found by name, decoded, the first one counts") {
  CHECK(query_parameter("pretty", "pretty") == "");
  CHECK(query_parameter("a=1&pretty=&b=2", "pretty") == "");
  CHECK(query_parameter("a=x+y%21&a=2", "a") == "x y!");
  CHECK(query_parameter("%61=1", "a") == "1");
  CHECK_FALSE(query_parameter("prettyish=1", "pretty"));
  CHECK_FALSE(query_parameter("", "pretty"));
}

TEST_CASE("query: decoding: a percent sign that starts no escape stands for itself") {
  CHECK(form_decoded("100%") == "100%");
  CHECK(form_decoded("%zz%4") == "%zz%4");
  CHECK(form_decoded("%41%7a") == "Az");
}

TEST_CASE("query: utf-8: knows it from other bytes") {
  for (const char* right :
       {"", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD"}) {
    CHECK(is_utf8(right));
  }
  for (const char* wrong : {"\xFF", "\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xC3z"}) {
    CHECK_FALSE(is_utf8(wrong));
  }
  CHECK(is_well_encoded("/%C3%A4"));
  CHECK_FALSE(is_well_encoded("/%ff"));
}

}  // namespace spreadable
