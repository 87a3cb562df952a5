#include "services/simulation/virtual_storage.h"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <string>

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
  VirtualStorage storage(time, time.add_machine(), 1);
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
  VirtualStorage storage(time, time.add_machine(), 1);
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
  VirtualStorage storage(time, time.add_machine(), 1);
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
  VirtualStorage storage(time, time.add_machine(), 1);
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

TEST_CASE("simulation: storage: an unruly one brings back any list of peers, as a whole") {
  std::set<std::string> survivors;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    VirtualTime time;
    VirtualStorage storage(time, time.add_machine(), seed);
    storage.set_faults({.is_unruly = true});
    const auto database = storage.open();
    REQUIRE(database->peers().save({record("10.0.0.1:80")}));
    time.run_until(time.now() + VirtualStorage::kSyncDelay);
    REQUIRE(database->peers().save({record("10.0.0.2:80"), record("10.0.0.9:80")}));
    REQUIRE(database->peers().save({record("10.0.0.3:80"), record("10.0.0.9:80")}));
    storage.lose_power();
    const auto peers = storage.open()->peers().load();
    REQUIRE(peers);
    const bool is_first = peers->front().address.text() == "10.0.0.1:80";
    CHECK(peers->size() == (is_first ? 1 : 2));
    survivors.insert(peers->front().address.text());
  }
  CHECK(survivors.size() == 3);
}

TEST_CASE("simulation: storage: a durable write under way when the power goes is there or not") {
  std::set<std::string> survivors;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    VirtualTime time;
    const MachineId machine = time.add_machine();
    VirtualStorage storage(time, machine, seed);
    const auto database = storage.open();
    REQUIRE(database->data().set("key", "before"));
    storage.set_faults({.sync_max = 1s});
    std::optional<Result<void>> first;
    std::optional<Result<void>> second;
    time.spawn(machine, [&] { first = database->data().set("key", "first"); });
    time.spawn(machine, [&] { second = database->data().set("key", "second"); });
    time.run_ready();
    CHECK_FALSE(first);
    storage.lose_power();
    time.halt(machine);
    REQUIRE(first);
    REQUIRE(second);
    CHECK_FALSE(*first);
    CHECK_FALSE(*second);
    storage.set_faults({});
    survivors.insert(**storage.open()->data().get("key"));
  }
  CHECK(survivors == std::set<std::string>{"before", "first"});
}

TEST_CASE("simulation: storage: writes wait for each other and for the disk") {
  VirtualTime time;
  const MachineId machine = time.add_machine();
  VirtualStorage storage(time, machine, 1);
  storage.set_faults({.sync_max = 1s});
  const auto database = storage.open();
  std::string order;
  for (const char* value : {"1", "2", "3"}) {
    time.spawn(machine, [&, value] {
      REQUIRE(database->data().set("key", value));
      order += value;
      CHECK(*database->data().get("key") == value);
    });
  }
  time.run_until(time.now() + 3s);
  CHECK(order == "123");
  CHECK(time.events() >= 3);
}

TEST_CASE("simulation: storage: as many reads and writes fail as its faults say") {
  VirtualTime time;
  VirtualStorage storage(time, time.add_machine(), 1);
  storage.set_faults({.read_errors = 0.08, .write_errors = 0.04});
  const auto database = storage.open();
  int failed_reads = 0;
  int failed_writes = 0;
  std::string stored;
  for (int i = 0; i < 5'000; ++i) {
    const auto written = database->data().set("key", std::to_string(i));
    if (written) stored = std::to_string(i);
    failed_writes += written ? 0 : 1;
    const auto read = database->data().get("key");
    failed_reads += read ? 0 : 1;
    if (read) CHECK(*read == stored);
  }
  CHECK(failed_reads > 300);
  CHECK(failed_reads < 500);
  CHECK(failed_writes > 140);
  CHECK(failed_writes < 260);
}

}  // namespace spreadable
