#include "services/http/fair_queue.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace spreadable {
namespace {

IpAddress source(int number) {
  return *IpAddress::parse("9.9.9." + std::to_string(number));
}

FairQueue<std::string> filled(const std::string& names) {
  FairQueue<std::string> queue;
  for (const char name : names) queue.push(source(name), std::string(1, name));
  return queue;
}

std::string drained(FairQueue<std::string>& queue) {
  std::string all;
  while (!queue.is_empty()) all += queue.pop();
  return all;
}

}  // namespace

TEST_CASE("fair queue: turns: sources are served one by one, each in its own order") {
  struct Row {
    const char* in;
    const char* out;
  };
  for (const Row& row : {Row{"", ""}, Row{"aaa", "aaa"}, Row{"aaabc", "abcaa"}, Row{"abab", "abab"},
                         Row{"aaabbbc", "abcabab"}}) {
    INFO(row.in);
    auto queue = filled(row.in);
    CHECK(drained(queue) == row.out);
  }
}

TEST_CASE("fair queue: turns: who comes back waits behind those who are there") {
  auto queue = filled("ab");
  CHECK(queue.pop() == "a");
  queue.push(source('a'), "a");
  queue.push(source('c'), "c");
  CHECK(drained(queue) == "bac");
}

TEST_CASE("fair queue: displacement: the newest of the longest lane makes room for a shorter one") {
  FairQueue<int> queue;
  for (int i = 0; i < 4; ++i) queue.push(source(1), 10 + i);
  for (int i = 0; i < 2; ++i) queue.push(source(2), 20 + i);
  CHECK(queue.displace_for(source(2)) == 13);
  CHECK_FALSE(queue.displace_for(source(2)));  // three and two: nothing would be fairer
  CHECK_FALSE(queue.displace_for(source(1)));
  CHECK(queue.displace_for(source(3)) == 12);
  CHECK(queue.size() == 4);
  FairQueue<int> even;
  for (int i = 0; i < 10; ++i) even.push(source(i), i);
  CHECK_FALSE(even.displace_for(source(100)));
}

TEST_CASE("fair queue: any order of calls leaves nothing behind and loses nothing") {
  std::mt19937_64 random(7);
  FairQueue<std::size_t> queue;
  std::size_t pushed = 0;
  std::size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const int lane = static_cast<int>(random() % 40);
    switch (random() % 5) {
      case 0:
      case 1:
        queue.push(source(lane), ++pushed);
        break;
      case 2:
        taken += queue.displace_for(source(lane)) ? 1 : 0;
        break;
      default:
        if (queue.is_empty()) break;
        (void)queue.pop();
        ++taken;
    }
    REQUIRE(queue.size() == pushed - taken);
  }
  while (!queue.is_empty()) {
    (void)queue.pop();
    ++taken;
  }
  CHECK(taken == pushed);
}

}  // namespace spreadable
