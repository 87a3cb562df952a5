#include "services/sync/isolation.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

constexpr Duration kInterval = std::chrono::seconds{16};
const TimePoint kStart{std::chrono::hours{5}};

Address peer(std::size_t i) {
  return *Address::parse("peer-" + std::to_string(i) + ".example:2079");
}

/// A network of 100 that has become one of 10, as `witnesses` peers outside of it tell.
Isolation shrunk(std::size_t witnesses) {
  Isolation isolation;
  isolation.note_size(100, kStart);
  isolation.note_size(10, kStart);
  for (std::size_t i = 0; i < witnesses; ++i) isolation.note_peer(peer(i), false, kStart);
  return isolation;
}

}  // namespace

TEST_CASE("sync: isolation: a network that loses more than half is looked into, for an hour") {
  Isolation isolation;
  isolation.note_size(100, kStart);
  CHECK_FALSE(isolation.is_shrunk());
  isolation.note_size(50, kStart);
  CHECK_FALSE(isolation.is_shrunk());
  isolation.note_size(49, kStart);
  CHECK(isolation.is_shrunk());
  isolation.note_size(49, kStart + std::chrono::minutes{61});
  CHECK_FALSE(isolation.is_shrunk());
}

TEST_CASE("sync: isolation: three peers and twenty intervals make it sure") {
  const TimePoint later = kStart + 20 * kInterval;
  CHECK_FALSE(shrunk(2).is_cut_off(kInterval, later));
  CHECK_FALSE(shrunk(3).is_cut_off(kInterval, later - std::chrono::milliseconds{1}));
  CHECK(shrunk(3).is_cut_off(kInterval, later));
}

TEST_CASE("sync: isolation: one peer that knows the master, or a network that recovers, ends it") {
  const TimePoint later = kStart + 20 * kInterval;
  Isolation known = shrunk(3);
  known.note_peer(peer(9), true, later);
  CHECK_FALSE(known.is_cut_off(kInterval, later));
  Isolation recovered = shrunk(3);
  recovered.note_size(60, later);
  CHECK_FALSE(recovered.is_cut_off(kInterval, later));
  Isolation moved = shrunk(3);
  moved.start_over();
  CHECK_FALSE(moved.is_cut_off(kInterval, later));
  CHECK(moved.is_shrunk());
}

}  // namespace spreadable
