#include "services/net/system_resolver.h"

#include <doctest/doctest.h>

#include <latch>
#include <map>
#include <thread>

#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

/// A resolver over a name service made of a map.
struct Fixture {
  explicit Fixture(SystemResolver::Options options = {})
      : resolver(clock, options, [this](const std::string& name) { return look_up(name); }) {}

  Result<IpAddress> look_up(const std::string& name) {
    ++look_ups;
    if (is_down) return Error{.code = Errc::unreachable, .message = "name service is down"};
    const auto found = names.find(name);
    if (found == names.end()) return Error{.code = Errc::not_found, .message = "unknown"};
    return found->second;
  }

  ManualClock clock;
  std::map<std::string, IpAddress> names{{"one.example", ip("192.0.2.1")},
                                         {"two.example", ip("2001:db8::2")}};
  bool is_down = false;
  int look_ups = 0;
  SystemResolver resolver;
};

}  // namespace

TEST_CASE("resolver: literals and localhost: stand for themselves without a look-up") {
  Fixture fixture;
  for (const char* host : {"192.0.2.7", "127.0.0.1", "::1", "2001:db8::7"}) {
    CHECK(*fixture.resolver.resolve(host) == ip(host));
  }
  CHECK(*fixture.resolver.resolve("localhost") == ip("127.0.0.1"));
  CHECK(fixture.look_ups == 0);
}

TEST_CASE("resolver: cache: an answer is used for ten minutes, then looked up again") {
  Fixture fixture;
  CHECK(*fixture.resolver.resolve("one.example") == ip("192.0.2.1"));
  fixture.names["one.example"] = ip("192.0.2.9");
  fixture.clock.advance(10min - 1ns);
  CHECK(*fixture.resolver.resolve("one.example") == ip("192.0.2.1"));
  CHECK(fixture.look_ups == 1);
  fixture.clock.advance(1ns);
  CHECK(*fixture.resolver.resolve("one.example") == ip("192.0.2.9"));
  CHECK(fixture.look_ups == 2);
}

TEST_CASE("resolver: cache: a failure is remembered for half a minute") {
  Fixture fixture;
  CHECK(fixture.resolver.resolve("new.example").error().code == Errc::not_found);
  fixture.names["new.example"] = ip("192.0.2.3");
  fixture.clock.advance(30s - 1ns);
  CHECK_FALSE(fixture.resolver.resolve("new.example"));
  CHECK(fixture.look_ups == 1);
  fixture.clock.advance(1ns);
  CHECK(*fixture.resolver.resolve("new.example") == ip("192.0.2.3"));
}

TEST_CASE("resolver: dead name service: the last good answer serves for a day") {
  Fixture fixture;
  REQUIRE(fixture.resolver.resolve("one.example"));
  fixture.is_down = true;
  fixture.clock.advance(10min);
  CHECK(*fixture.resolver.resolve("one.example") == ip("192.0.2.1"));
  CHECK(fixture.look_ups == 2);
  CHECK(fixture.resolver.resolve("one.example"));  // the failure is remembered beside the answer
  CHECK(fixture.look_ups == 2);
  fixture.clock.advance(23h + 50min - 1ns);
  CHECK(fixture.resolver.resolve("one.example"));
  fixture.clock.advance(30s);
  const auto gone = fixture.resolver.resolve("one.example");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == Errc::unreachable);
}

TEST_CASE("resolver: dead name service: is asked again and believed when it is back") {
  Fixture fixture;
  REQUIRE(fixture.resolver.resolve("one.example"));
  fixture.is_down = true;
  fixture.clock.advance(1h);
  REQUIRE(fixture.resolver.resolve("one.example"));
  fixture.is_down = false;
  fixture.names["one.example"] = ip("192.0.2.9");
  fixture.clock.advance(30s);
  CHECK(*fixture.resolver.resolve("one.example") == ip("192.0.2.9"));
}

TEST_CASE("resolver: loopback: a name that leads to this machine counts as not found") {
  Fixture fixture;
  for (const char* inside : {"127.0.0.1", "127.8.8.8", "::1"}) {
    INFO(inside);
    fixture.names["evil.example"] = ip(inside);
    CHECK(fixture.resolver.resolve("evil.example").error().code == Errc::not_found);
    fixture.clock.advance(1min);
  }
}

TEST_CASE("resolver: limit: beyond it the name looked up longest ago is dropped") {
  Fixture fixture{{.names_max = 2}};
  fixture.names["three.example"] = ip("192.0.2.3");
  for (const char* name : {"one.example", "two.example", "three.example"}) {
    REQUIRE(fixture.resolver.resolve(name));
  }
  CHECK(fixture.look_ups == 3);
  REQUIRE(fixture.resolver.resolve("three.example"));
  REQUIRE(fixture.resolver.resolve("two.example"));
  CHECK(fixture.look_ups == 3);
  REQUIRE(fixture.resolver.resolve("one.example"));
  CHECK(fixture.look_ups == 4);
}

TEST_CASE("resolver: names: what cannot be one is refused without a look-up") {
  Fixture fixture;
  for (const std::string& host : {std::string(), std::string("a\0b", 3), std::string(254, 'a')}) {
    CHECK(fixture.resolver.resolve(host).error().code == Errc::invalid_argument);
  }
  CHECK(fixture.look_ups == 0);
  CHECK(fixture.resolver.resolve(std::string(253, 'a')).error().code == Errc::not_found);
  CHECK(fixture.look_ups == 1);
}

TEST_CASE("resolver: threads: one look-up serves all who ask for the same name at once") {
  constexpr int kThreads = 4;
  const ManualClock clock;
  std::latch others_started{kThreads};
  std::atomic<int> look_ups = 0;
  SystemResolver resolver(clock, {}, [&](const std::string&) -> Result<IpAddress> {
    ++look_ups;
    others_started.arrive_and_wait();
    return ip("192.0.2.1");
  });
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        if (i > 0) others_started.count_down();
        if (resolver.resolve("one.example").value_or(IpAddress{}) == ip("192.0.2.1")) ++right;
      });
    }
  }
  CHECK(look_ups == 1);
  CHECK(right == kThreads);
}

TEST_CASE("resolver: system look-up: localhost is known, nonsense is not") {
  const auto found = system_look_up("localhost");
  REQUIRE(found);
  CHECK(found->is_loopback());
  CHECK_FALSE(system_look_up("no such name"));
}

TEST_CASE("resolver: local ip: is an IPv4 address others could use") {
  if (const auto own = local_ip()) {
    CHECK(own->is_v4());
    CHECK_FALSE(own->is_loopback());
  }
}

}  // namespace spreadable
