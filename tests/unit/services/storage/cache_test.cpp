#include "services/storage/cache.h"

#include <doctest/doctest.h>

#include "services/storage/memory_database.h"
#include "tests/support/manual_clock.h"

namespace spreadable {

using namespace std::chrono_literals;

TEST_CASE("cache: values: set, replaced, removed, flushed") {
  MemoryDatabase database;
  const ManualClock clock;
  Cache links(database.cache(), clock, {.type = "links"});
  Cache names(database.cache(), clock, {.type = "names"});
  CHECK(links.get("a").value() == std::nullopt);
  REQUIRE(links.set("a", "1"));
  REQUIRE(names.set("a", "2"));
  REQUIRE(links.set("a", "3"));
  CHECK(links.get("a").value() == "3");
  REQUIRE(links.remove("a"));
  CHECK(links.get("a").value() == std::nullopt);
  REQUIRE(links.set("a", "4"));
  REQUIRE(links.flush());
  CHECK(links.get("a").value() == std::nullopt);
  CHECK(names.get("a").value() == "2");
}

TEST_CASE("cache: limit: the least recently used goes") {
  MemoryDatabase database;
  const ManualClock clock;
  Cache cache(database.cache(), clock, {.type = "links", .limit = 2});
  REQUIRE(cache.set("a", ""));
  REQUIRE(cache.set("b", ""));
  REQUIRE(cache.get("a").value());
  REQUIRE(cache.set("c", ""));
  CHECK(cache.get("a").value());
  CHECK_FALSE(cache.get("b").value());
}

TEST_CASE("cache: lifetime: just reached, just passed, and no longer prolonged by sets") {
  MemoryDatabase database;
  ManualClock clock;
  Cache cache(database.cache(), clock, {.type = "links", .lifetime = 10s});
  REQUIRE(cache.set("a", "1"));
  clock.advance(6s);
  REQUIRE(cache.set("a", "2"));
  clock.advance(4s);
  CHECK(cache.get("a").value() == "2");
  clock.advance(1ms);
  CHECK(cache.get("a").value() == std::nullopt);
  REQUIRE(cache.set("a", "3"));
  clock.advance(10s + 1ms);
  REQUIRE(cache.set("a", "4"));  // too old, so this one begins a new life
  clock.advance(10s);
  CHECK(cache.get("a").value() == "4");
}

TEST_CASE("cache: clock: one that was set back does not make entries immortal") {
  MemoryDatabase database;
  ManualClock clock;
  Cache cache(database.cache(), clock, {.type = "links", .lifetime = 10s});
  Cache lasting(database.cache(), clock, {.type = "names"});
  REQUIRE(cache.set("a", "1"));
  REQUIRE(lasting.set("a", "1"));
  clock.set_wall(ManualClock::kStartDate - 24h);
  CHECK(cache.get("a").value() == std::nullopt);
  CHECK(lasting.get("a").value() == "1");
}

TEST_CASE("cache: normalise: drops what is too old, whether asked for or not") {
  MemoryDatabase database;
  ManualClock clock;
  Cache cache(database.cache(), clock, {.type = "links", .limit = 2, .lifetime = 10s});
  Cache lasting(database.cache(), clock, {.type = "names", .limit = 1});
  REQUIRE(cache.set("a", ""));
  REQUIRE(lasting.set("a", ""));
  clock.advance(11s);
  REQUIRE(cache.set("b", ""));
  REQUIRE(cache.normalize());
  REQUIRE(lasting.normalize());
  CacheStore& store = database.cache();
  CHECK_FALSE(store.get("links", "a", clock.wall_now()).value());
  CHECK(store.get("links", "b", clock.wall_now()).value());
  CHECK(store.get("names", "a", clock.wall_now()).value());
}

}  // namespace spreadable
