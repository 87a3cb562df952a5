#include "services/http/token_buckets.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1h};

IpAddress source(int number) {
  return *IpAddress::parse("9.9." + std::to_string(number / 256) + "." +
                           std::to_string(number % 256));
}

int taken(TokenBuckets& buckets, int number, TimePoint now) {
  int count = 0;
  while (count < 1'000 && buckets.try_take(source(number), now)) ++count;
  return count;
}

}  // namespace

TEST_CASE("token buckets: burst: a bucket is full at first, and empties") {
  TokenBuckets buckets({.per_second = 2, .burst = 5});
  CHECK(taken(buckets, 1, kStart) == 5);
  CHECK(taken(buckets, 1, kStart) == 0);
  CHECK(taken(buckets, 2, kStart) == 5);
}

TEST_CASE("token buckets: rate: tokens come back evenly, up to the burst") {
  TokenBuckets buckets({.per_second = 2, .burst = 5});
  CHECK(taken(buckets, 1, kStart) == 5);
  CHECK(taken(buckets, 1, kStart + 499ms) == 0);
  CHECK(taken(buckets, 1, kStart + 500ms) == 1);
  CHECK(taken(buckets, 1, kStart + 2'000ms) == 3);
  CHECK(taken(buckets, 1, kStart + 1h) == 5);
}

TEST_CASE("token buckets: rate: being refused costs nothing") {
  TokenBuckets buckets({.per_second = 1, .burst = 1});
  CHECK(buckets.try_take(source(1), kStart));
  for (int i = 1; i < 100; ++i) CHECK_FALSE(buckets.try_take(source(1), kStart + i * 9ms));
  CHECK(buckets.try_take(source(1), kStart + 1s));
}

TEST_CASE("token buckets: memory: so many sources are kept, and the longest untouched goes") {
  TokenBuckets buckets({.per_second = 1, .burst = 1, .sources_max = 100});
  CHECK(buckets.try_take(source(0), kStart));
  for (int i = 1; i < 1'000; ++i) {
    CHECK(buckets.try_take(source(i), kStart));
    CHECK_FALSE(buckets.try_take(source(0), kStart));  // stays, for it is touched
  }
  CHECK(buckets.sources() == 100);
  CHECK(buckets.try_take(source(1), kStart));
}

}  // namespace spreadable
