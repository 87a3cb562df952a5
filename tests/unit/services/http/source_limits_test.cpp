#include "services/http/source_limits.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

}  // namespace

TEST_CASE("source limits: scope: the internet is limited; local, trusted ips and proxies are not") {
  SourceLimits limits;
  limits.exempt = {ip("9.9.9.1"), ip("2001:db8::1")};
  limits.proxies = {ip("9.9.9.2")};
  for (const char* free : {"127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "fe80::1",
                           "9.9.9.1", "2001:db8::1", "9.9.9.2"}) {
    INFO(free);
    CHECK_FALSE(limits.limits(ip(free)));
  }
  for (const char* limited : {"9.9.9.3", "2001:db8::2", "172.32.0.1"}) {
    INFO(limited);
    CHECK(limits.limits(ip(limited)));
  }
}

TEST_CASE("source limits: local: limited where an option says so, trusted ones excepted") {
  SourceLimits limits;
  limits.includes_local = true;
  limits.exempt = {ip("10.0.0.1")};
  CHECK(limits.limits(ip("127.0.0.1")));
  CHECK(limits.limits(ip("10.0.0.2")));
  CHECK_FALSE(limits.limits(ip("10.0.0.1")));
}

TEST_CASE("source limits: lanes: neighbours on the internet share one, those at home do not") {
  CHECK(lane_of(ip("9.9.9.1")) == lane_of(ip("9.9.9.200")));
  CHECK(lane_of(ip("9.9.9.1")) != lane_of(ip("9.9.8.1")));
  CHECK(lane_of(ip("2001:db8:1:2::1")) == lane_of(ip("2001:db8:1:3::1")));
  CHECK(lane_of(ip("192.168.1.1")) != lane_of(ip("192.168.1.2")));
  CHECK(machine_of(ip("2001:db8:1:2::1")) == machine_of(ip("2001:db8:1:2:3::1")));
  CHECK(machine_of(ip("2001:db8:1:2::1")) != machine_of(ip("2001:db8:1:3::1")));
}

}  // namespace spreadable
