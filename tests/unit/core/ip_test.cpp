#include "core/ip.h"

#include <doctest/doctest.h>

namespace spreadable {

TEST_CASE("ip: parse: IPv4 is its mapped IPv6 form") {
  const auto v4 = IpAddress::parse("127.0.0.1");
  REQUIRE(v4);
  CHECK(v4->is_v4());
  CHECK(*v4 == *IpAddress::parse("::ffff:127.0.0.1"));
  CHECK(*v4 == *IpAddress::parse("::FFFF:7f00:1"));
  CHECK(*v4 == IpAddress::loopback());
  CHECK(v4->text() == "127.0.0.1");
  CHECK(v4->full_text() == "0000:0000:0000:0000:0000:ffff:7f00:0001");  // protocol section 2.2
}

TEST_CASE("ip: parse: every text form of IPv6 gives the same full form") {
  struct Row {
    const char* text;
    const char* full;
  };
  for (const Row& row : {
           Row{"::", "0000:0000:0000:0000:0000:0000:0000:0000"},
           Row{"::1", "0000:0000:0000:0000:0000:0000:0000:0001"},
           Row{"2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"},
           Row{"2001:DB8:0:0:0:0:0:1", "2001:0db8:0000:0000:0000:0000:0000:0001"},
           Row{"1:2:3:4:5:6:7:8", "0001:0002:0003:0004:0005:0006:0007:0008"},
           Row{"1:2:3:4:5:6:1.2.3.4", "0001:0002:0003:0004:0005:0006:0102:0304"},
           Row{"2001:0db8:0000:0000:0000:0000:0000:0001",
               "2001:0db8:0000:0000:0000:0000:0000:0001"},
       }) {
    INFO(row.text);
    const auto ip = IpAddress::parse(row.text);
    REQUIRE(ip);
    CHECK(ip->full_text() == row.full);
    CHECK(ip->text() == row.full);
    CHECK(IpAddress::parse(row.full) == ip);
  }
}

TEST_CASE("ip: parse: what is no address in full is refused") {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv,
        "1"sv,
        "1.2.3"sv,
        "1.2.3.4.5"sv,
        "256.0.0.1"sv,
        "01.2.3.4"sv,
        "0x7f.0.0.1"sv,
        "2130706433"sv,
        "1.2.3.4 "sv,
        " 1.2.3.4"sv,
        "1.2.3.4\0"sv,
        "127.0.0.1\0.example.com"sv,
        "[::1]"sv,
        "fe80::1%eth0"sv,
        ":::"sv,
        "1::2::3"sv,
        "12345::"sv,
        "1:2:3:4:5:6:7"sv,
        "1:2:3:4:5:6:7:8:9"sv,
        "::1.2.3"sv,
        "g::"sv,
        "00000000000000000000000000000000000000000000000000000000000000000001"sv}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
}

TEST_CASE("ip: ranges: loopback and private addresses are told at their edges") {
  struct Row {
    const char* text;
    bool is_loopback;
    bool is_private;
  };
  for (const Row& row : {
           Row{"127.0.0.1", true, true},
           Row{"127.255.255.255", true, true},
           Row{"126.255.255.255", false, false},
           Row{"128.0.0.0", false, false},
           Row{"::1", true, true},
           Row{"::2", false, false},
           Row{"::", false, false},
           Row{"0.0.0.0", false, false},
           Row{"10.0.0.0", false, true},
           Row{"11.0.0.0", false, false},
           Row{"172.15.255.255", false, false},
           Row{"172.16.0.0", false, true},
           Row{"172.31.255.255", false, true},
           Row{"172.32.0.0", false, false},
           Row{"192.168.0.1", false, true},
           Row{"192.169.0.0", false, false},
           Row{"169.254.1.1", false, true},
           Row{"169.255.0.0", false, false},
           Row{"fbff::1", false, false},
           Row{"fc00::1", false, true},
           Row{"fdff::1", false, true},
           Row{"fe00::1", false, false},
           Row{"fe80::1", false, true},
           Row{"febf::1", false, true},
           Row{"fec0::1", false, false},
           Row{"2001:db8::1", false, false},
       }) {
    INFO(row.text);
    const auto ip = IpAddress::parse(row.text);
    REQUIRE(ip);
    CHECK(ip->is_loopback() == row.is_loopback);
    CHECK(ip->is_private() == row.is_private);
  }
}

TEST_CASE("ip: network: the first address of the one an ip lies in") {
  const auto network = [](const char* text) {
    return IpAddress::parse(text)->network(4, 8).text();
  };
  CHECK(network("10.1.2.3") == "10.1.2.3");
  CHECK(IpAddress::parse("10.1.2.3")->network(2, 8).text() == "10.1.0.0");
  CHECK(network("2001:db8:1:2:3::1") == IpAddress::parse("2001:db8:1:2::")->text());
  CHECK(IpAddress::parse("10.1.2.3")->network(0, 0) == IpAddress::parse("0.0.0.0"));
}

TEST_CASE("ip: group: neighbours share it") {
  const auto group = [](const char* text) { return IpAddress::parse(text)->group(); };
  CHECK(group("10.1.2.3") == group("10.1.2.255"));
  CHECK(group("10.1.2.3") != group("10.1.3.3"));
  CHECK(group("2001:db8:1::1") == group("2001:db8:1:ffff::2"));
  CHECK(group("2001:db8:1::1") != group("2001:db8:2::1"));
}

TEST_CASE("ip: public: addresses of single machines on the internet, however they are written") {
  for (const char* text :
       {"8.8.8.8", "172.15.0.1", "100.63.0.1", "223.255.255.255", "2606:4700::1111",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "192.0.1.1", "168.63.129.17"}) {
    INFO(text);
    CHECK(IpAddress::parse(text)->is_public());
  }
  for (const char* text : {"127.0.0.1",
                           "10.0.0.1",
                           "169.254.169.254",
                           "0.0.0.0",
                           "0.1.2.3",
                           "100.64.0.1",
                           "198.18.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "192.0.0.192",
                           "192.0.2.1",
                           "198.51.100.1",
                           "203.0.113.1",
                           "192.88.99.1",
                           "168.63.129.16",
                           "2002:a83f:8110::1",
                           "64:ff9b:1::8.8.8.8",
                           "64:ff9b:1:7f00:0:100:808:808",
                           "::",
                           "::1",
                           "::ffff:169.254.169.254",
                           "::169.254.169.254",
                           "64:ff9b::169.254.169.254",
                           "2002:a9fe:a9fe::1",
                           "fe80::1",
                           "fd00::1",
                           "ff02::1",
                           "2001:db8::1",
                           "2001:0:1::1"}) {
    INFO(text);
    CHECK_FALSE(IpAddress::parse(text)->is_public());
  }
}

}  // namespace spreadable
