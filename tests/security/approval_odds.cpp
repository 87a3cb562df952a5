// The odds of committees: how likely hostile nodes take a vote, or stop one. docs/approvals.md
// shows this table.
#include <fmt/format.h>

#include <initializer_list>

#include "core/count_rule.h"
#include "services/approvals/committee.h"
#include "tests/security/commands.h"
#include "tests/security/statistics.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kNodes = 1000;

struct Committee {
  std::size_t seats;
  double level;  ///< percent
};

/// Every yes that is needed is a hostile one.
double capture(std::size_t hostile, std::size_t seats, std::size_t needed) {
  return Hypergeometric{kNodes, hostile, seats}.at_least(needed);
}

/// So many are hostile that the others are too few.
double block(std::size_t hostile, std::size_t seats, std::size_t needed) {
  return Hypergeometric{kNodes, hostile, seats}.at_least(seats - needed + 1);
}

}  // namespace

bool run_odds() {
  fmt::print("| approvers (needed) | 10 %: taken / stopped | 20 % | 33 % |\n|---|---|---|---|\n");
  for (const Committee& row :
       {Committee{4, 66.6}, {6, 66.6}, {6, 75}, {10, 66.6}, {31, 66.6}, {100, 66.6}, {100, 60}}) {
    const std::size_t needed = CountRule::percent(row.level).of(row.seats);
    fmt::print("| {} ({}) |", row.seats, needed);
    for (const std::size_t hostile : std::initializer_list<std::size_t>{100, 200, 330}) {
      fmt::print(" {:.1e} / {:.1e} |", capture(hostile, row.seats, needed),
                 block(hostile, row.seats, needed));
    }
    fmt::print("\n");
  }
  return capture(200, 31, 21) < 1e-8 && capture(330, 100, 60) < 1e-8;
}

}  // namespace spreadable::sectest
