#include "core/http.h"

#include <doctest/doctest.h>

#include <iterator>

namespace spreadable {

static_assert(std::input_iterator<Headers::Iterator>);

TEST_CASE("http: headers: found without regard to case, the first one wins") {
  Headers headers{{"Node-Root", "a"}, {"node-root", "b"}};
  headers.add("X-1_~", "c");
  for (const char* name : {"node-root", "NODE-ROOT", "Node-Root"}) {
    INFO(name);
    REQUIRE(headers.find(name).has_value());
    CHECK(*headers.find(name) == "a");
  }
  CHECK(*headers.find("x-1_~") == "c");
  for (const char* name : {"", "node-roo", "node-root ", "x-1_^"}) {
    INFO(name);
    CHECK(!headers.find(name));
  }
  CHECK(headers.size() == 3);
}

TEST_CASE("http: headers: are read in the order they came, by either increment") {
  const Headers headers{{"a", "1"}, {"", ""}, {"b", "2"}};
  auto it = headers.begin();
  CHECK((*it++).name == "a");
  CHECK((*it).name.empty());
  CHECK((*++it).value == "2");
  CHECK(it++ != headers.end());
  CHECK(it == headers.end());
}

}  // namespace spreadable
