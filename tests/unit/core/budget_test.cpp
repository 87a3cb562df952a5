#include "core/budget.h"

#include <doctest/doctest.h>

#include <vector>

namespace spreadable {

TEST_CASE("budget: share: what the first stage may take of the time left") {
  struct Row {
    std::optional<double> left;
    std::vector<double> stages;
    StageRules rules;
    double share;
  };
  for (const Row& row : {
           Row{1000, {500}, {}, 500},
           Row{1000, {2000}, {}, 1000},
           Row{1000, {500, 500}, {}, 500},
           Row{1000, {500, 1500}, {}, 250},
           Row{1000, {500, 1500}, {.min_ms = 300}, 300},
           Row{1000, {100, 100}, {.grabs_free = true}, 500},
           Row{1000, {1500, 500}, {.grabs_free = true}, 750},
           Row{200, {100}, {.min_ms = 1000}, 200},
           Row{-5, {}, {}, -5},
           Row{-5, {100}, {}, 0},
           Row{-5, {0}, {}, -5},
           Row{{}, {700, 100}, {}, 700},
       }) {
    CHECK(stage_share(row.left, row.stages, row.rules) == row.share);
  }
  CHECK_FALSE(stage_share({}, {}));
}

}  // namespace spreadable
