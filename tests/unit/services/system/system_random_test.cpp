#include "services/system/system_random.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

namespace spreadable {

TEST_CASE("random: seeded: the sequence is that of SplitMix64") {
  SeededRandom random(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U,
        16408922859458223821U}) {
    CHECK(random.next() == expected);
  }
}

TEST_CASE("random: seeded: equal seeds shuffle alike, others do not") {
  const auto shuffled = [](std::uint64_t seed) {
    SeededRandom random(seed);
    std::vector<int> items(50);
    for (int i = 0; i < 50; ++i) items[static_cast<std::size_t>(i)] = i;
    random.shuffle(items);
    return items;
  };
  CHECK(shuffled(7) == shuffled(7));
  CHECK(shuffled(7) != shuffled(8));
}

TEST_CASE("random: below and uniform: stay within their bounds and reach all of them") {
  SeededRandom random(1);
  std::vector<int> hits(6);
  for (int i = 0; i < 6000; ++i) {
    ++hits[random.below(6)];
    const double share = random.uniform();
    REQUIRE(share >= 0.0);
    REQUIRE(share < 1.0);
  }
  for (const int count : hits) {
    CHECK(count > 800);
    CHECK(count < 1200);
  }
}

TEST_CASE("random: system: two generators do not repeat each other") {
  SystemRandom first;
  SystemRandom second;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) {
    seen.insert(first.next());
    seen.insert(second.next());
  }
  CHECK(seen.size() == 200);
}

}  // namespace spreadable
