#include "services/sync/corroboration.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

constexpr Duration kInterval = std::chrono::seconds{16};
const TimePoint kStart{std::chrono::hours{5}};

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

TEST_CASE("sync: corroboration: what has been confirmed is what another size surprises") {
  Corroboration corroboration;
  CHECK_FALSE(corroboration.is_surprising(1'000));  // a newcomer believes its master
  corroboration.note_agreement(1'000);
  CHECK_FALSE(corroboration.is_surprising(1'400));
  CHECK(corroboration.is_surprising(20'000));
  CHECK(corroboration.is_surprising(500));
  corroboration.note_contradiction(1'600, kStart);
  CHECK_FALSE(corroboration.is_surprising(1'600));
}

TEST_CASE("sync: corroboration: who is contradicted in each run for long is known by it") {
  Corroboration corroboration;
  corroboration.note_contradiction(1'000, kStart);
  corroboration.note_contradiction(1'000, kStart + kInterval);
  CHECK_FALSE(corroboration.is_contradicted_for(2 * kInterval, kStart + 2 * kInterval));
  CHECK(corroboration.is_contradicted_for(2 * kInterval, kStart + 3 * kInterval));
  corroboration.note_agreement(1'000);
  CHECK_FALSE(corroboration.is_contradicted_for(2 * kInterval, kStart + 3 * kInterval));
  corroboration.note_contradiction(1'000, kStart);
  corroboration.start_over();
  CHECK_FALSE(corroboration.is_contradicted_for(2 * kInterval, kStart + 3 * kInterval));
}

}  // namespace spreadable
