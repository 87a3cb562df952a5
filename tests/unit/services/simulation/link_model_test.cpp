#include "services/simulation/link_model.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "services/system/system_random.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr int kDraws = 20'000;

/// Without any chance but that of loss.
NetworkConditions even(double loss = 0) {
  return {.pair_spread = 0, .jitter = 0, .loss = loss};
}

template <class Draw>
std::vector<Duration> sorted(Draw draw) {
  std::vector<Duration> values;
  for (int i = 0; i < kDraws; ++i) values.push_back(draw(static_cast<std::uint32_t>(i)));
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

TEST_CASE("simulation: link: round trips between pairs are log-normal around the median") {
  SeededRandom random(1);
  LinkModel links(7, random);
  NetworkConditions conditions;
  conditions.jitter = 0;
  links.set(conditions);
  const auto values = sorted([&](std::uint32_t i) { return 2 * links.message_delay(i + 1, 0, 0); });
  const double median = static_cast<double>(values[kDraws / 2].count()) / 1e6;
  CHECK(median == doctest::Approx(50).epsilon(0.02));
  // Of a log-normal distribution with sigma 0.5: exp(±0.5 · 1.645) of the median.
  CHECK(static_cast<double>(values[kDraws / 20].count()) / 1e6 ==
        doctest::Approx(21.97).epsilon(0.04));
  CHECK(static_cast<double>(values[kDraws - kDraws / 20].count()) / 1e6 ==
        doctest::Approx(113.8).epsilon(0.04));
}

TEST_CASE("simulation: link: a pair keeps its latency, in both directions") {
  SeededRandom random(1);
  LinkModel links(7, random);
  NetworkConditions conditions;
  conditions.jitter = 0;
  links.set(conditions);
  const Duration delay = links.message_delay(3, 9, 100);
  CHECK(links.message_delay(3, 9, 100) == delay);
  CHECK(links.message_delay(9, 3, 100) == delay);
  CHECK(links.message_delay(3, 8, 100) != delay);
  CHECK(links.connect_delay(3, 9) == 2 * delay);
}

TEST_CASE("simulation: link: a lost segment comes 200 ms later, then 400, then 800") {
  SeededRandom random(2);
  LinkModel links(7, random);
  links.set(even(0.2));
  std::map<Duration, int> seen;
  for (int i = 0; i < kDraws; ++i) ++seen[links.message_delay(1, 2, 100)];
  const auto share = [&](Duration delay) { return seen[delay] / static_cast<double>(kDraws); };
  CHECK(share(25ms) == doctest::Approx(0.8).epsilon(0.02));
  CHECK(share(25ms + 200ms) == doctest::Approx(0.16).epsilon(0.05));
  CHECK(share(25ms + 600ms) == doctest::Approx(0.032).epsilon(0.1));
  CHECK(share(25ms + 1400ms) == doctest::Approx(0.0064).epsilon(0.3));
}

TEST_CASE("simulation: link: a lost attempt to connect is repeated 1 s later, then 2, then 4") {
  SeededRandom random(3);
  LinkModel links(7, random);
  links.set(even(0.1));
  std::map<Duration, int> seen;
  for (int i = 0; i < kDraws; ++i) ++seen[links.connect_delay(1, 2)];
  const auto share = [&](Duration delay) { return seen[delay] / static_cast<double>(kDraws); };
  CHECK(share(50ms) == doctest::Approx(0.81).epsilon(0.02));  // neither way is lost
  CHECK(share(50ms + 1s) == doctest::Approx(0.1539).epsilon(0.05));
  CHECK(share(50ms + 3s) == doctest::Approx(0.0292).epsilon(0.15));
}

TEST_CASE("simulation: link: a long message waits for the unluckiest of its segments") {
  SeededRandom random(4);
  LinkModel links(7, random);
  links.set(even(0.05));
  int on_time = 0;
  for (int i = 0; i < kDraws; ++i) {
    on_time += links.message_delay(1, 2, 10 * LinkModel::kSegmentBytes - 1) == 25ms;
  }
  CHECK(on_time / static_cast<double>(kDraws) == doctest::Approx(0.5987).epsilon(0.02));
}

TEST_CASE("simulation: link: reordering holds back its share of messages, up to its limit") {
  SeededRandom random(5);
  LinkModel links(7, random);
  NetworkConditions conditions = even();
  conditions.reordering = 0.25;
  links.set(conditions);
  const auto values = sorted([&](std::uint32_t) { return links.message_delay(1, 2, 0); });
  const auto held = values.end() - std::upper_bound(values.begin(), values.end(), Duration(25ms));
  CHECK(static_cast<double>(held) / kDraws == doctest::Approx(0.25).epsilon(0.05));
  CHECK(values.back() <= 225ms);
  CHECK(values.back() > 215ms);
}

TEST_CASE("simulation: link: duplicates are as frequent as they are asked to be") {
  SeededRandom random(6);
  LinkModel links(7, random);
  CHECK_FALSE(links.is_duplicated());
  NetworkConditions conditions = even();
  conditions.duplication = 0.1;
  links.set(conditions);
  int count = 0;
  for (int i = 0; i < kDraws; ++i) count += links.is_duplicated();
  CHECK(count / static_cast<double>(kDraws) == doctest::Approx(0.1).epsilon(0.1));
}

}  // namespace spreadable
