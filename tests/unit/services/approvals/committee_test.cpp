#include "services/approvals/committee.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

std::size_t count(const Json& rule, std::size_t n) {
  const Result<CountRule> parsed = CountRule::parse(rule);
  REQUIRE(parsed);
  return parsed->of(n);
}

}  // namespace

TEST_CASE("committee: period: the start of the one that a time lies in") {
  CHECK(period_start(1700000123456, 300000) == 1700000100000);
  CHECK(period_start(1700000100000, 300000) == 1700000100000);
  CHECK(period_start(0, 300000) == 0);
  CHECK(period_start(-1, 300000) == -300000);
}

TEST_CASE("committee: order: by the hash of address and period, each address once") {
  const std::int64_t period = 1795176300000;
  const std::vector<std::string> order = approver_order(
      {"localhost:7405", "localhost:7402", "localhost:7404", "localhost:7402"}, period);
  CHECK(order == std::vector<std::string>{"localhost:7404", "localhost:7402", "localhost:7405"});
  CHECK(approver_order({}, period).empty());
}

TEST_CASE("committee: counts: roots and shares are rounded up, within one and all") {
  struct Row { Json rule; std::size_t n, count; };
  for (const Row& row : {
           Row{"auto", 1, 1}, Row{"auto", 2, 2}, Row{"auto", 9, 3}, Row{"auto", 10, 4},
           Row{"r-3", 27, 3}, Row{"r-3", 28, 4}, Row{"r-6", 64, 2},
           Row{"66.6%", 1, 1}, Row{"66.6%", 2, 2}, Row{"66.6%", 3, 2}, Row{"66.6%", 5, 4},
           Row{"66.6%", 6, 4}, Row{"75%", 6, 5}, Row{"200%", 6, 6},
           Row{6, 100, 6}, Row{6, 4, 4}, Row{0.5, 4, 1},
       }) {
    INFO(dump_json(row.rule), " of ", row.n);
    CHECK(count(row.rule, row.n) == row.count);
  }
}

TEST_CASE("committee: counts: what is no rule is refused") {
  for (const Json& rule : {Json("x"), Json(""), Json("%"), Json("r-"), Json("r-0"), Json("r-x"),
                           Json("r-5%"), Json("5"), Json(0), Json(-1), Json(true), Json()}) {
    INFO(dump_json(rule));
    CHECK_FALSE(CountRule::parse(rule));
  }
}

}  // namespace spreadable
