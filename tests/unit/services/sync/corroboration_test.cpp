#include "services/sync/corroboration.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

constexpr Duration kInterval = std::chrono::seconds{16};
const TimePoint kStart{std::chrono::hours{5}};

const Address kTeller = *Address::parse("localhost:1");

/// `count` masters with lists of `size` nodes each, the first of them number `begin`.
MasterList masters(int count, std::size_t size, int begin = 0) {
  MasterList::Entries entries;
  for (int i = begin; i < begin + count; ++i) {
    entries.push_back(
        {*Address::from_parts("localhost", static_cast<std::uint16_t>(1000 + i)), size});
  }
  return entries;
}

}  // namespace

TEST_CASE("sync: corroboration: sizes agree that differ by half as much again, either way") {
  CHECK(Corroboration::agree(100, 150));
  CHECK(Corroboration::agree(150, 100));
  CHECK(Corroboration::agree(0, 0));
  CHECK_FALSE(Corroboration::agree(100, 151));
  CHECK_FALSE(Corroboration::agree(151, 100));
  CHECK_FALSE(Corroboration::agree(0, 1));
}

TEST_CASE("sync: corroboration: two of three of those asked bear a list out") {
  CHECK(Corroboration::is_majority(6, 8));
  CHECK_FALSE(Corroboration::is_majority(5, 8));
  CHECK(Corroboration::is_majority(2, 3));
  CHECK_FALSE(Corroboration::is_majority(0, 1));
  CHECK(Corroboration::is_majority(0, 0));
}

TEST_CASE("sync: corroboration: lists agree that one network may show to two nodes") {
  const MasterList known = masters(10, 10);
  CHECK(Corroboration::agree(known, known));
  CHECK(Corroboration::agree(known, masters(10, 12)));
  CHECK_FALSE(Corroboration::agree(known, masters(10, 200)));
  CHECK_FALSE(Corroboration::agree(masters(10, 200), known));
  // Three of ten are new, or banned; four of them would leave more than a third unnamed.
  CHECK(Corroboration::agree(known, masters(10, 10, 3)));
  CHECK_FALSE(Corroboration::agree(known, masters(5, 10)));
  CHECK_FALSE(Corroboration::agree(masters(5, 10), known));
  CHECK_FALSE(Corroboration::agree(known, masters(20, 10)));
  CHECK_FALSE(Corroboration::agree(known, masters(10, 10, 10)));
  // One master may be banned here and not there, however long its list is.
  CHECK(Corroboration::agree(known, known.with({*Address::parse("localhost:9"), 90})));
  CHECK(Corroboration::agree(known.with({*Address::parse("localhost:9"), 90}), known));
  CHECK(Corroboration::agree(MasterList(), MasterList()));
}

TEST_CASE("sync: corroboration: what both name decides, whomever one of the two names alone") {
  const MasterList known = masters(10, 10);
  const MasterList strangers({{*Address::parse("localhost:7"), 300}});
  CHECK(Corroboration::agree_on_common(known, strangers));
  CHECK(Corroboration::agree_on_common(known, masters(5, 10)));
  CHECK(Corroboration::agree_on_common(known, masters(20, 14)));
  CHECK_FALSE(Corroboration::agree_on_common(known, masters(10, 200)));
  CHECK_FALSE(Corroboration::agree_on_common(masters(3, 200), known));
}

TEST_CASE("sync: corroboration: what has been confirmed is what another list surprises") {
  Corroboration corroboration;
  CHECK_FALSE(corroboration.has_confirmed());
  CHECK_FALSE(corroboration.is_surprising(masters(10, 100)));  // a newcomer believes its master
  corroboration.note_agreement(masters(10, 100));
  CHECK(corroboration.has_confirmed());
  CHECK_FALSE(corroboration.is_surprising(masters(10, 140)));
  CHECK(corroboration.is_surprising(masters(10, 2'000)));
  CHECK(corroboration.is_surprising(masters(5, 100)));
  corroboration.note_contradiction(kTeller, masters(10, 160), kStart);
  CHECK_FALSE(corroboration.is_surprising(masters(10, 160)));
}

TEST_CASE("sync: corroboration: who is contradicted in each run for long is known by it") {
  const MasterList known = masters(10, 10);
  Corroboration corroboration;
  corroboration.note_contradiction(kTeller, known, kStart);
  corroboration.note_contradiction(kTeller, known, kStart + kInterval);
  CHECK_FALSE(corroboration.is_contradicted_for(2 * kInterval, kStart + 2 * kInterval));
  CHECK(corroboration.is_contradicted_for(2 * kInterval, kStart + 3 * kInterval));
  corroboration.note_agreement(known);
  CHECK_FALSE(corroboration.is_contradicted_for(2 * kInterval, kStart + 3 * kInterval));
  corroboration.note_contradiction(kTeller, known, kStart);
  corroboration.note_contradiction(*Address::parse("localhost:2"), known, kStart + 3 * kInterval);
  CHECK_FALSE(corroboration.is_contradicted_for(2 * kInterval, kStart + 3 * kInterval));
}

}  // namespace spreadable
