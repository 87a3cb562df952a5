#include "services/simulation/virtual_storage.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

using namespace std::chrono_literals;

PeerRecord record(const char* address) {
  return {.address = *Address::parse(address)};
}

void write_everything(Database& database, const char* peer) {
  REQUIRE(database.data().set("key", "value"));
  REQUIRE(database.bans().put({.address = *Address::parse("10.0.0.9:80"), .reason = "test"}));
  REQUIRE(database.peers().save({record(peer)}));
  REQUIRE(database.cache().set("type", "key", "value", WallTime{}, 10));
}

}  // namespace

TEST_CASE("simulation: storage: all that was written is there for the next program") {
  VirtualTime time;
  VirtualStorage storage(time);
  write_everything(*storage.open(), "10.0.0.1:80");
  storage.close();
  const auto database = storage.open();
  CHECK(*database->data().get("key") == "value");
  CHECK(database->bans().load()->size() == 1);
  CHECK(*database->peers().load() == std::vector{record("10.0.0.1:80")});
  CHECK((*database->cache().get("type", "key", WallTime{})).has_value());
}

TEST_CASE("simulation: storage: a power cut loses what was not synced, and nothing else") {
  VirtualTime time;
  VirtualStorage storage(time);
  write_everything(*storage.open(), "10.0.0.1:80");
  storage.lose_power();
  const auto database = storage.open();
  CHECK(*database->data().get("key") == "value");
  CHECK(database->bans().load()->size() == 1);
  CHECK(database->peers().load()->empty());
  CHECK_FALSE((*database->cache().get("type", "key", WallTime{})).has_value());
}

TEST_CASE(
    "simulation: storage: a power cut brings back the last list of peers that was written out") {
  VirtualTime time;
  VirtualStorage storage(time);
  const auto database = storage.open();
  REQUIRE(database->peers().save({record("10.0.0.1:80")}));
  time.run_until(time.now() + 10s);
  REQUIRE(database->peers().save({record("10.0.0.2:80")}));
  time.run_until(time.now() + VirtualStorage::kSyncDelay);
  REQUIRE(database->peers().save({record("10.0.0.3:80")}));
  CHECK(*database->peers().load() == std::vector{record("10.0.0.3:80")});
  storage.lose_power();
  CHECK(*storage.open()->peers().load() == std::vector{record("10.0.0.2:80")});
}

TEST_CASE("simulation: storage: writes of a program that has ended count no more") {
  VirtualTime time;
  VirtualStorage storage(time);
  const auto ended = storage.open();
  write_everything(*ended, "10.0.0.1:80");
  storage.close();
  CHECK(ended->data().set("key", "late").error().code == Errc::io);
  CHECK(ended->peers().save({record("10.0.0.2:80")}).error().code == Errc::io);
  CHECK(ended->bans().clear().error().code == Errc::io);
  const auto database = storage.open();
  CHECK(*database->data().get("key") == "value");
  CHECK(*database->peers().load() == std::vector{record("10.0.0.1:80")});
  CHECK(database->bans().load()->size() == 1);
}

}  // namespace spreadable
