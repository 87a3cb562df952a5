#include "core/topology.h"

#include <doctest/doctest.h>

#include <cmath>

namespace spreadable {

TEST_CASE("topology: square root: list limit is the protocol's optimum") {
  struct Row {
    std::size_t n, limit;
  };
  const SquareRoot topology;
  for (const Row& row :
       {Row{1, 2}, Row{2, 2}, Row{3, 2}, Row{4, 3}, Row{8, 3}, Row{9, 4}, Row{24, 5}, Row{25, 6},
        Row{99, 10}, Row{100, 11}, Row{999'999, 1000}, Row{1'000'000, 1001}}) {
    INFO(row.n);
    CHECK(topology.list_limit(row.n) == row.limit);
  }
}

TEST_CASE("topology: square root: full lists of the wanted masters hold the whole network") {
  const SquareRoot topology;
  for (std::size_t n = 1; n < 20'000; ++n) {
    INFO(n);
    REQUIRE(topology.masters_wanted(n) * topology.list_limit(n) >= n);
    REQUIRE(topology.masters_limit(n) >= topology.masters_wanted(n));
    const auto root = std::sqrt(static_cast<double>(n));
    REQUIRE(static_cast<double>(topology.masters_limit(n)) <= std::max(1.0, 1.5 * root));
  }
}

}  // namespace spreadable
