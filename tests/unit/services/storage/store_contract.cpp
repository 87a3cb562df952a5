#include "store_contract.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace spreadable {
namespace {

constexpr std::size_t kLimit = 3;

WallTime at(int millis) {
  return WallTime(Millis(1'700'000'000'000 + millis));
}

/// A text with every byte there is.
std::string all_bytes() {
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
  return text;
}

/// What the cache holds of the keys `a` to `f`. Asking counts as a use, in this order.
std::string keys_of(CacheStore& cache, std::string_view type) {
  std::string keys;
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) {
    const auto entry = cache.get(type, key, at(0));
    REQUIRE(entry);
    if (*entry) keys += key;
  }
  return keys;
}

void check_data(Database& database) {
  DataStore& data = database.data();
  CHECK(data.get("root").value() == std::nullopt);
  REQUIRE(data.set("root", "localhost:1"));
  REQUIRE(data.set("other", ""));
  CHECK(data.get("root").value() == "localhost:1");
  CHECK(data.get("other").value() == "");
  REQUIRE(data.set("root", "localhost:2"));
  CHECK(data.get("root").value() == "localhost:2");
  CHECK(data.get("Root").value() == std::nullopt);
}

void check_bytes(Database& database) {
  const std::string bytes = all_bytes();
  const std::string big(std::size_t{1} << 20, '\0');
  REQUIRE(database.data().set(bytes, big));
  CHECK(database.data().get(bytes).value() == big);
  CHECK(database.data().get(bytes.substr(0, 1)).value() == std::nullopt);
  REQUIRE(database.cache().set(bytes, bytes, bytes, at(0), kLimit));
  CHECK(database.cache().get(bytes, bytes, at(0)).value()->value == bytes);
  REQUIRE(database.cache().set("", "", "", at(0), kLimit));
  CHECK(database.cache().get("", "", at(0)).value()->value.empty());
}

void check_peers(Database& database) {
  PeerStore& peers = database.peers();
  CHECK(peers.load().value().empty());
  const std::vector<PeerRecord> first{
      {Address::parse("z.example.com:1").value(), true, false, true, at(5)},
      {Address::parse("[::1]:2").value(), false, true, false, at(-5)},
      {Address::parse("a.example.com:3").value(), false, false, false, WallTime{}},
  };
  REQUIRE(peers.save(first));
  CHECK(peers.load().value() == first);  // in the order in which they were saved
  const std::vector<PeerRecord> second{first[2]};
  REQUIRE(peers.save(second));
  CHECK(peers.load().value() == second);
  REQUIRE(peers.save({}));
  CHECK(peers.load().value().empty());
}

void check_bans(Database& database) {
  BanStore& bans = database.bans();
  CHECK(bans.load().value().empty());
  const BanRecord first{Address::parse("z.example.com:1").value(), "", at(1), at(9),
                        "slaveMasters"};
  BanRecord second{Address::parse("a.example.com:2").value(),
                   "0000:0000:0000:0000:0000:ffff:0a00:0001", at(-1), at(5), "by hand: 'x'"};
  REQUIRE(bans.put(first));
  REQUIRE(bans.put(second));
  CHECK(bans.load().value() == std::vector{second, first});  // by address
  second.reason = "";
  REQUIRE(bans.put(second));
  CHECK(bans.load().value() == std::vector{second, first});
  REQUIRE(bans.remove(second.address));
  REQUIRE(bans.remove(second.address));
  CHECK(bans.load().value() == std::vector{first});
  REQUIRE(bans.clear());
  CHECK(bans.load().value().empty());
}

void check_cache_values(Database& database) {
  CacheStore& cache = database.cache();
  CHECK(cache.get("links", "a", at(0)).value() == std::nullopt);
  REQUIRE(cache.set("links", "a", "1", at(1), kLimit));
  CHECK(cache.get("links", "a", at(9)).value() == CacheStore::Entry{"1", at(1)});
  REQUIRE(cache.set("links", "a", "2", at(5), kLimit));
  CHECK(cache.get("links", "a", at(9)).value() == CacheStore::Entry{"2", at(1)});
  CHECK(cache.get("names", "a", at(9)).value() == std::nullopt);
  REQUIRE(cache.remove("links", "b"));
  REQUIRE(cache.remove("links", "a"));
  CHECK(cache.get("links", "a", at(9)).value() == std::nullopt);
  REQUIRE(cache.set("links", "a", "3", at(7), kLimit));
  CHECK(cache.get("links", "a", at(9)).value() == CacheStore::Entry{"3", at(7)});
}

void check_cache_limit(Database& database) {
  CacheStore& cache = database.cache();
  // All at one instant: the order of use must not hang on a clock.
  for (const char* key : {"a", "b", "c"}) REQUIRE(cache.set("links", key, key, at(0), kLimit));
  REQUIRE(cache.set("names", "a", "a", at(0), kLimit));
  REQUIRE(cache.get("links", "a", at(0)).value());
  REQUIRE(cache.set("links", "b", "again", at(0), kLimit));
  REQUIRE(cache.set("links", "d", "d", at(0), kLimit));  // c is the least recently used
  REQUIRE(cache.set("links", "e", "e", at(0), kLimit));  // then a, which was only read
  CHECK(keys_of(cache, "links") == "bde");
  CHECK(keys_of(cache, "names") == "a");
  REQUIRE(cache.set("links", "f", "f", at(0), 1));
  CHECK(keys_of(cache, "links") == "f");
  REQUIRE(cache.set("links", "a", "a", at(0), 0));
  CHECK(keys_of(cache, "links").empty());
}

void check_cache_normalize(Database& database) {
  CacheStore& cache = database.cache();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(cache.set("links", std::string(1, static_cast<char>('a' + i)), "", at(i), 10));
  }
  REQUIRE(cache.set("names", "a", "", at(0), 10));
  REQUIRE(cache.get("links", "c", at(0)).value());
  REQUIRE(cache.normalize("links", at(1), 10));
  CHECK(cache.get("links", "a", at(0)).value() == std::nullopt);
  REQUIRE(cache.normalize("links", at(0), 2));
  CHECK(keys_of(cache, "links") == "ce");
  REQUIRE(cache.normalize("links", WallTime(Millis::min()), 1));
  CHECK(keys_of(cache, "links") == "e");
  REQUIRE(cache.normalize("unheard of", at(0), 1));
  CHECK(keys_of(cache, "names") == "a");
}

void check_cache_flush(Database& database) {
  CacheStore& cache = database.cache();
  for (const char* type : {"links", "names"}) {
    for (const char* key : {"a", "b"}) REQUIRE(cache.set(type, key, "", at(0), kLimit));
  }
  REQUIRE(cache.flush("links"));
  REQUIRE(cache.flush("unheard of"));
  CHECK(keys_of(cache, "links").empty());
  CHECK(keys_of(cache, "names") == "ab");
  for (const char* key : {"c", "d", "e"}) REQUIRE(cache.set("links", key, "", at(0), kLimit));
  CHECK(keys_of(cache, "links") == "cde");
}

/// A small model of the cache, against which a long random run is compared.
void check_cache_model(Database& database) {
  CacheStore& cache = database.cache();
  std::vector<std::string> order;  // keys, the least recently used first
  std::uint32_t state = 1;
  for (int step = 0; step < 500; ++step) {
    state =
        state * 1'664'525 + 1'013'904'223;  // Numerical Recipes' generator, the same on each run
    const std::string key(1, static_cast<char>('a' + (state >> 16) % 8));
    const auto place = std::find(order.begin(), order.end(), key);
    const bool is_known = place != order.end();
    if (is_known) order.erase(place);
    switch ((state >> 24) % 4) {
      case 0:
        REQUIRE(cache.remove("model", key));
        break;
      case 1:
        REQUIRE(cache.set("model", key, key, at(step), 5));
        order.push_back(key);
        if (order.size() > 5) order.erase(order.begin());
        break;
      default:
        REQUIRE(cache.get("model", key, at(step)).value().has_value() == is_known);
        if (is_known) order.push_back(key);
    }
  }
}

constexpr std::array<StorePromise, 9> kPromises{{
    {"data: what was set is what one gets", check_data},
    {"all stores: any bytes come back unchanged", check_bytes},
    {"peers: saving replaces everything and keeps the order", check_peers},
    {"bans: one record for each address, until it is removed", check_bans},
    {"cache: a replaced value keeps its date", check_cache_values},
    {"cache: beyond the limit the least recently used goes first", check_cache_limit},
    {"cache: normalising drops the old, then what is too much", check_cache_normalize},
    {"cache: flushing empties one type", check_cache_flush},
    {"cache: a long random run behaves as the model", check_cache_model},
}};

}  // namespace

std::span<const StorePromise> store_promises() {
  return kPromises;
}

}  // namespace spreadable
