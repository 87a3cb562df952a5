#include "services/behaviours/banlist.h"

#include <doctest/doctest.h>

#include "services/storage/memory_database.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Address address(const std::string& text) {
  return *Address::parse(text);
}
IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

struct List {
  ManualClock clock;
  MemoryDatabase database;
  Banlist banlist{clock, database.bans(), {.bans_max = 5, .discouraged_max = 2}};

  bool allows(const std::string& text, const char* ip_text = nullptr) {
    const IpAddress known = ip_text ? ip(ip_text) : IpAddress();
    return banlist.check(address(text), ip_text ? &known : nullptr).has_value();
  }
};

}  // namespace

TEST_CASE("banlist: ban: refuses the address until its time has come, over a restart") {
  List list;
  REQUIRE(list.banlist.ban(address("aaa.com:1"), ip("8.8.8.8"), hours{1}, "slaveMasters"));
  CHECK_FALSE(list.allows("aaa.com:1"));
  CHECK(list.allows("aaa.com:2", "8.8.8.8"));
  Banlist after_restart(list.clock, list.database.bans(), {});
  REQUIRE(after_restart.load());
  CHECK_FALSE(after_restart.check(address("aaa.com:1"), nullptr));
  CHECK(after_restart.bans().at(0).reason == "slaveMasters");
  list.clock.advance(hours{1});
  CHECK(list.allows("aaa.com:1"));
  list.banlist.expire();
  CHECK(list.database.bans().load()->empty());
}

TEST_CASE("banlist: ip: refused only once three of its addresses are banned, never a private one") {
  List list;
  for (const char* bad : {"aaa.com:1", "aaa.com:2"}) {
    REQUIRE(list.banlist.ban(address(bad), ip("8.8.8.8"), hours{1}, ""));
  }
  CHECK(list.allows("bbb.com:9", "8.8.8.8"));
  CHECK_FALSE(list.banlist.has_banned_ips());
  REQUIRE(list.banlist.ban(address("aaa.com:3"), ip("8.8.8.8"), hours{1}, ""));
  CHECK(list.banlist.has_banned_ips());
  CHECK_FALSE(list.allows("bbb.com:9", "8.8.8.8"));
  CHECK(list.allows("bbb.com:9", "8.8.4.4"));
  REQUIRE(list.banlist.lift(address("aaa.com:2")).value());
  CHECK(list.allows("bbb.com:9", "8.8.8.8"));

  for (const char* home : {"127.0.0.1", "10.0.0.1", "192.168.0.1"}) {
    List at_home;
    for (const char* bad : {"aaa.com:1", "aaa.com:2", "aaa.com:3", "aaa.com:4"}) {
      REQUIRE(at_home.banlist.ban(address(bad), ip(home), hours{1}, ""));
    }
    CHECK(at_home.allows("bbb.com:9", home));
  }
}

TEST_CASE("banlist: discouragement: ends by itself and leaves no trace") {
  List list;
  list.banlist.discourage(address("aaa.com:1"));
  CHECK_FALSE(list.allows("aaa.com:1"));
  CHECK_FALSE(list.banlist.is_banned(address("aaa.com:1")));
  list.clock.advance(minutes{20});
  CHECK(list.allows("aaa.com:1"));
  CHECK(list.database.bans().load()->empty());
}

TEST_CASE("banlist: limits: what ends first goes first") {
  List list;
  for (int i = 1; i <= 6; ++i) {
    REQUIRE(list.banlist.ban(address("aaa.com:" + std::to_string(i)), ip("8.8.8.8"), hours{i}, ""));
  }
  CHECK(list.banlist.bans().size() == 5);
  CHECK_FALSE(list.banlist.is_banned(address("aaa.com:1")));
  CHECK(list.database.bans().load()->size() == 5);
  for (int i = 1; i <= 3; ++i) {
    list.banlist.discourage(address("bbb.com:" + std::to_string(i)));
    list.clock.advance(minutes{1});
  }
  CHECK(list.allows("bbb.com:1"));
  CHECK_FALSE(list.allows("bbb.com:3"));
}

TEST_CASE("banlist: lift: takes back a ban or a discouragement, clear all of them") {
  List list;
  CHECK_FALSE(list.banlist.lift(address("aaa.com:1")).value());
  REQUIRE(list.banlist.ban(address("aaa.com:1"), {}, hours{1}, ""));
  list.banlist.discourage(address("bbb.com:1"));
  CHECK(list.banlist.lift(address("aaa.com:1")).value());
  CHECK_FALSE(list.allows("bbb.com:1"));
  CHECK(list.banlist.lift(address("bbb.com:1")).value());
  CHECK(list.allows("bbb.com:1"));
  CHECK(list.allows("aaa.com:1"));
  REQUIRE(list.banlist.ban(address("aaa.com:1"), {}, hours{1}, ""));
  REQUIRE(list.banlist.clear());
  CHECK(list.allows("aaa.com:1"));
  CHECK(list.database.bans().load()->empty());
}

}  // namespace spreadable
