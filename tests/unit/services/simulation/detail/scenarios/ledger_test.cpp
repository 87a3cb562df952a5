#include "services/simulation/detail/scenarios/ledger.h"

#include <doctest/doctest.h>

#include "services/simulation/simulation.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("simulation: ledger: all that was acknowledged is there after every kind of end") {
  detail::Ledger ledger;
  Simulation simulation({.nodes = 1,
                         .prepare =
                             [&](Node& node, std::size_t) {
                               node.services().add(std::make_unique<detail::LedgerKeeper>(ledger));
                             },
                         .storage = {.write_errors = 0.1, .sync_max = 1s, .is_unruly = true}});
  std::uint64_t acknowledged = 0;
  for (int i = 0; i < 100; ++i) {
    try {
      if (!simulation.is_up(0)) simulation.start(0);
    } catch (const std::runtime_error&) {  // the disk failed
      continue;
    }
    simulation.run_for(7s + i * 13ms);
    CHECK(ledger.acknowledged >= acknowledged);
    acknowledged = ledger.acknowledged;
    if (simulation.is_up(0)) simulation.crash(0, i % 2 == 0 ? Death::machine : Death::process);
    CHECK_FALSE(ledger.fault);
  }
  CHECK(acknowledged > 100);
}

TEST_CASE("simulation: ledger: a store that has lost or invented something is found out") {
  for (const char* stored : {"1", "999", "words"}) {
    INFO(stored);
    detail::Ledger ledger;
    Simulation simulation({.nodes = 1, .prepare = [&](Node& node, std::size_t) {
                             node.services().add(std::make_unique<detail::LedgerKeeper>(ledger));
                           }});
    simulation.start();
    simulation.run_for(1min);
    REQUIRE(ledger.acknowledged > 1);
    REQUIRE(simulation.node(0).database().data().set("ledger", stored));
    simulation.crash(0);
    simulation.start(0);
    simulation.run_for(1s);
    CHECK(ledger.fault);
  }
}

}  // namespace spreadable
