#include "core/count_rule.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

std::size_t count(const Json& rule, std::size_t n) {
  const Result<CountRule> parsed = CountRule::parse(rule);
  REQUIRE(parsed);
  return parsed->of(n);
}

}  // namespace

TEST_CASE("count rule: roots and shares are rounded up, within one and all") {
  struct Row {
    Json rule;
    std::size_t n, count;
  };
  for (const Row& row : {
           Row{"auto", 1, 1},
           Row{"auto", 2, 2},
           Row{"auto", 9, 3},
           Row{"auto", 10, 4},
           Row{"r-3", 27, 3},
           Row{"r-3", 28, 4},
           Row{"r-6", 64, 2},
           Row{"66.6%", 1, 1},
           Row{"66.6%", 2, 2},
           Row{"66.6%", 3, 2},
           Row{"66.6%", 5, 4},
           Row{"66.6%", 6, 4},
           Row{"75%", 6, 5},
           Row{"200%", 6, 6},
           Row{6, 100, 6},
           Row{6, 4, 4},
           Row{0.5, 4, 1},
       }) {
    INFO(dump_json(row.rule), " of ", row.n);
    CHECK(count(row.rule, row.n) == row.count);
  }
}

TEST_CASE("count rule: what is no rule is refused") {
  for (const Json& rule : {Json("x"), Json(""), Json("%"), Json("r-"), Json("r-0"), Json("r-x"),
                           Json("r-5%"), Json("5"), Json(0), Json(-1), Json(true), Json()}) {
    INFO(dump_json(rule));
    CHECK_FALSE(CountRule::parse(rule));
  }
}

}  // namespace spreadable
