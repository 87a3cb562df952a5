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

TEST_CASE("http: headers: stand as lines, whichever way they were added") {
  Headers headers{{"a", "1"}, {"b", ""}};
  headers.add_line("Long-Name: some value\r\n", 9);
  headers.add("c", "3");
  CHECK(headers.lines() == "a: 1\r\nb: \r\nLong-Name: some value\r\nc: 3\r\n");
  CHECK(*headers.find("long-name") == "some value");
  CHECK(headers.find("b")->empty());
  CHECK(*headers.find("c") == "3");
  headers.set("b", "2");
  CHECK(headers.lines() == "a: 1\r\nLong-Name: some value\r\nc: 3\r\nb: 2\r\n");
  CHECK(Headers().lines().empty());
}

}  // namespace spreadable
