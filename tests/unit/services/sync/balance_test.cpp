#include "services/sync/balance.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

Address at(std::size_t port) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(port));
}

/// The view of master 1 with `own` slaves among masters 2, 3, … of the given sizes.
PeerView view_of(std::size_t own, const std::vector<std::size_t>& others) {
  PeerTable table(at(1));
  std::vector<MasterEntry> masters;
  for (std::size_t i = 0; i < others.size(); ++i) masters.push_back({at(2 + i), others[i]});
  table.set_masters(masters);
  for (std::size_t i = 0; i < own; ++i) table.add_slave(at(1000 + i));
  return *table.view();
}

}  // namespace

TEST_CASE("balance: moves: only surplus masters and lists that are too long let slaves go") {
  struct Row {
    std::size_t own;
    std::vector<std::size_t> others;
    std::size_t moved;
  };
  for (const Row& row : {
           Row{0, {5, 5}, 0},                                 // no master at all
           Row{5, {5, 5, 5, 5}, 0},                           // 25 nodes, limit 6, five masters
           Row{6, {6, 6, 6, 1}, 0}, Row{8, {5, 5, 5, 2}, 2},  // two above the limit
           Row{1, {4, 4, 4, 4, 4, 4}, 1},  // seventh of six allowed masters, and room elsewhere
           Row{4, {4, 4, 4, 4, 4, 1}, 0},  // another one is smaller
           Row{1, {6, 6, 6, 6, 6, 6}, 0},  // nobody has room
       }) {
    INFO(row.own, " of ", row.others.size());
    const SquareRoot topology;
    CHECK(slaves_to_move(view_of(row.own, row.others), topology).size() == row.moved);
  }
}

TEST_CASE("balance: moves: the youngest slaves go") {
  const SquareRoot topology;
  const auto moved = slaves_to_move(view_of(8, {5, 5, 5, 2}), topology);
  CHECK(moved == std::vector<Address>{at(1006), at(1007)});
}

}  // namespace spreadable
