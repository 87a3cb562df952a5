#include "core/http.h"

#include <doctest/doctest.h>

namespace spreadable {

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

}  // namespace spreadable
