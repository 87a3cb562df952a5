#include "core/coverage.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

Address at(std::size_t port) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(port));
}

}  // namespace

TEST_CASE("coverage: sums: parts add up and silent nodes are named once") {
  Coverage a;
  a.add_answered();
  a.add_silent(at(2));
  Coverage b;
  b.add_silent(at(2));
  b.add_silent(at(1));
  a.add(b);
  CHECK(a.asked == 4);
  CHECK(a.answered == 1);
  CHECK(a.silent == std::vector<Address>{at(1), at(2)});
  CHECK_FALSE(a.is_complete());
}

TEST_CASE("coverage: names: at most the limit, while the counts stay exact") {
  Coverage coverage;
  for (std::size_t i = 0; i < 10 * Coverage::kSilentMax; ++i) coverage.add_silent(at(i));
  CHECK(coverage.asked == 10 * Coverage::kSilentMax);
  CHECK(coverage.silent.size() == Coverage::kSilentMax);
  CHECK(coverage.to_header().size() < 8192);
}

TEST_CASE("coverage: header: is read as it was written, and nothing else is") {
  Coverage coverage;
  coverage.add_answered();
  coverage.add_silent(at(7));
  const auto read = Coverage::from_header(coverage.to_header());
  REQUIRE(read);
  CHECK(read->asked == 2);
  CHECK(read->answered == 1);
  CHECK(read->silent == coverage.silent);
  coverage.silent.clear();
  const auto counts = Coverage::from_header(coverage.to_header());
  REQUIRE(counts);
  CHECK(counts->asked == 2);
  CHECK(counts->answered == 1);
  CHECK(Coverage::from_header(R"({ "asked":2, "answered":1 })")->answered == 1);
  for (const char* bad :
       {"", R"({"answered":1,"asked":2)", R"({"answered":01,"asked":2})",
        R"({"answered":1,"asked":2}})", R"({"answered":2,"asked":1})",
        R"({"answered":99999999999999999999,"asked":1})", "[]", "{}", R"({"asked":1})",
        R"({"asked":1,"answered":2})", R"({"asked":-1,"answered":-1})",
        R"({"asked":1.5,"answered":1})", R"({"asked":1,"answered":0,"silent":[1]})",
        R"({"asked":"1","answered":0})", R"({"asked":1,"answered":0,"silent":"localhost:1"})",
        R"({"asked":1,"answered":0,"silent":{"a":"localhost:1"}})",
        R"({"asked":1,"answered":1,"silent":["localhost:1"]})"}) {
    INFO(bad);
    CHECK_FALSE(Coverage::from_header(bad));
  }
}

TEST_CASE("coverage: header: a count that is made up does not make other parts complete") {
  CHECK(Coverage::from_header(R"({"asked":4294967296,"answered":0})"));
  CHECK_FALSE(Coverage::from_header(R"({"asked":4294967297,"answered":0})"));
  CHECK_FALSE(Coverage::from_header(R"({"asked":18446744073709551615,"answered":0})"));
}

}  // namespace spreadable
