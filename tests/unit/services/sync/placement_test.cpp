#include "services/sync/placement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "services/system/system_random.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

Address at(std::size_t port) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(port));
}

struct Fixture {
  SquareRoot topology;
  ManualClock clock;
  SeededRandom random{1};
  std::set<Address> doubted;
  Placement placement{topology, clock, random,
                      [this](const Address& address) { return doubted.contains(address); }};
  PeerView view;

  Fixture() { view.self = at(1); }
};

}  // namespace

TEST_CASE("placement: first newcomer: goes to the provider when there is nobody else") {
  Fixture fixture;
  const auto answer = fixture.placement.place({.joiner = at(2), .view = fixture.view});
  CHECK(answer.masters == std::vector<Address>{at(1)});
  CHECK(answer.network_size == 2);
}

TEST_CASE(
    "placement: crowd: promises alone spread it over about √n masters with lists below the limit") {
  for (const std::size_t n : {9U, 25U, 100U, 1000U, 5000U}) {
    INFO(n);
    Fixture fixture;
    std::map<Address, std::size_t> lists;
    for (std::size_t i = 0; i < n; ++i) {
      const auto answer = fixture.placement.place({.joiner = at(100 + i), .view = fixture.view});
      REQUIRE_FALSE(answer.masters.empty());
      CHECK(answer.masters.front() != at(100 + i));
      ++lists[answer.masters.front()];
    }
    const std::size_t limit = fixture.topology.list_limit(n + 1);
    for (const auto& [master, size] : lists) CHECK(size <= limit);
    CHECK(lists.size() <= fixture.topology.masters_limit(n + 1));
  }
}

TEST_CASE("placement: promises: a repeated request replaces its own, a kept one no longer counts") {
  Fixture fixture;
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(fixture.placement.place({.joiner = at(2), .view = fixture.view}));
  }
  CHECK(fixture.placement.open_promises() == 1);
  fixture.placement.note_kept(at(2), at(9));  // seen elsewhere: the promise still stands
  CHECK(fixture.placement.open_promises() == 1);
  fixture.placement.note_kept(at(2), at(1));
  CHECK(fixture.placement.open_promises() == 0);
}

TEST_CASE("placement: promises: one that nobody keeps is forgotten in time") {
  Fixture fixture;
  static_cast<void>(fixture.placement.place({.joiner = at(2), .view = fixture.view}));
  fixture.clock.advance(Placement::kPromiseLifetime + Millis{1});
  const auto answer = fixture.placement.place({.joiner = at(3), .view = fixture.view});
  CHECK(answer.network_size == 2);
  CHECK(fixture.placement.open_promises() == 1);
}

TEST_CASE("placement: exclusions: neither the newcomer nor the excluded are named") {
  Fixture fixture;
  fixture.view.masters = {{at(2), 1}, {at(3), 1}, {at(4), 1}};
  for (int i = 0; i < 50; ++i) {
    const auto answer = fixture.placement.place(
        {.joiner = at(2), .view = fixture.view, .is_excluded = [](const Address& address) {
           return address == at(3);
         }});
    CHECK(answer.masters == std::vector<Address>{at(4)});
    CHECK(answer.has_room);
  }
}

TEST_CASE("placement: doubts: only a node that nobody doubts becomes a master, if there is one") {
  Fixture fixture;
  fixture.view.backlink = at(2);
  fixture.view.masters = {{at(2), 50}};
  const std::vector<Address> spares{at(4), at(5), at(6), at(7), at(8)};
  const auto place = [&](const std::set<Address>& doubted) {
    fixture.doubted = doubted;
    return fixture.placement.place({.joiner = at(3), .view = fixture.view, .spares = spares})
        .masters;
  };
  for (int i = 0; i < 50; ++i) {
    CHECK(place({at(4), at(5), at(7), at(8)}) == std::vector<Address>{at(6)});
  }
  CHECK(place({spares.begin(), spares.end()}).size() == 1);
}

TEST_CASE("placement: seniority: one of the older half of a list becomes a master") {
  Fixture fixture;
  fixture.view.backlink = at(2);
  fixture.view.masters = {{at(2), 50}};
  const std::vector<Address> spares{at(4), at(5), at(6), at(7), at(8)};
  for (int i = 0; i < 50; ++i) {
    const auto answer =
        fixture.placement.place({.joiner = at(3), .view = fixture.view, .spares = spares});
    CHECK(answer.masters.front() <= at(6));
  }
}

TEST_CASE("placement: move: a slave of one's own is not counted a second time") {
  Fixture fixture;
  // 48 nodes, one less than a square: with one more there would be room for eight in each list.
  constexpr std::size_t kFull = 7;
  MasterList::Entries masters{{at(1), 13}};
  for (std::size_t i = 2; i <= 6; ++i) masters.push_back({at(i), kFull});
  fixture.view.masters = masters;
  for (std::size_t i = 0; i < 13; ++i) fixture.view.slaves.push_back(at(100 + i));
  fixture.view.backlink = at(2);
  REQUIRE(fixture.view.network_size() == 48);
  REQUIRE(fixture.topology.list_limit(48) == kFull);
  const auto answer = fixture.placement.place(
      {.joiner = fixture.view.slaves.back(),
       .view = fixture.view,
       .is_excluded = [&](const Address& address) { return address == fixture.view.self; }});
  CHECK(answer.network_size == 48);
  REQUIRE(answer.masters.size() == 1);
  CHECK(fixture.view.has_slave(answer.masters.front()));  // which becomes a master
}

TEST_CASE("placement: last resort: a full master is named when there is nobody else") {
  Fixture fixture;
  fixture.view.backlink = at(2);
  fixture.view.masters = {{at(2), 50}};
  const auto answer = fixture.placement.place({.joiner = at(3), .view = fixture.view});
  CHECK(answer.masters == std::vector<Address>{at(2)});
  CHECK_FALSE(answer.has_room);
}

TEST_CASE("placement: crowd: is spread as well by a clock that never stands still") {
  struct RunningClock final : Clock {
    [[nodiscard]] TimePoint now() const override { return TimePoint(Duration(++ticks)); }
    [[nodiscard]] WallTime wall_now() const override { return {}; }
    mutable std::int64_t ticks = 0;
  };
  const SquareRoot topology;
  const RunningClock clock;
  SeededRandom random(1);
  Placement placement(topology, clock, random);
  PeerView view;
  view.self = at(1);
  std::map<Address, std::size_t> lists;
  for (std::size_t i = 0; i < 100; ++i) {
    ++lists[placement.place({.joiner = at(100 + i), .view = view}).masters.front()];
  }
  for (const auto& [master, size] : lists) CHECK(size <= topology.list_limit(101));
  CHECK(placement.open_promises() == 100);
}

TEST_CASE("placement: orphans: when one list alone has room, a crowd does not fill it alone") {
  // 200 nodes, all lists full but one; three masters have died, and 42 seek a place by themselves.
  PeerView view;
  view.self = at(1);
  view.backlink = at(9);
  MasterList::Entries masters;
  for (std::size_t i = 0; i < 11; ++i) masters.push_back({at(1'000 + i), i == 0 ? 10U : 15U});
  view.masters = masters;
  std::map<Address, std::size_t> chosen;
  for (std::uint64_t seed = 1; seed <= 42; ++seed) {
    SeededRandom random(seed);
    const SquareRoot topology;
    const ManualClock clock;
    Placement own(topology, clock, random);
    const auto answer = own.place({.joiner = at(seed), .view = view, .crowd = 14});
    REQUIRE(answer.has_room);
    ++chosen[answer.masters.front()];
  }
  CHECK(chosen.size() >= 9);
  for (const auto& [master, count] : chosen) CHECK(count <= 12);

  SeededRandom random(1);
  const SquareRoot topology;
  const ManualClock clock;
  Placement alone(topology, clock, random);  // one for whom there is room goes where it is
  CHECK(alone.place({.joiner = at(5), .view = view, .crowd = 1}).masters.front() == at(1'000));
}

TEST_CASE("placement: chance: the more room the likelier") {
  SeededRandom random(1);
  std::size_t first = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t weights[] = {9, 0, 1};
    const std::size_t chosen = weighted_choice(weights, random);
    CHECK(chosen != 1);
    first += chosen == 0 ? 1 : 0;
  }
  CHECK(first > 8'800);
  CHECK(first < 9'200);
}

}  // namespace spreadable
