#include "core/address.h"

#include <doctest/doctest.h>

#include <set>

namespace spreadable {

TEST_CASE("address: host: exactly the valid names that upstream peers accept") {
  struct Row {
    std::string host;
    bool is_valid;
  };
  const std::string label63(63, 'a');
  const std::string long_name = label63 + '.' + label63 + '.' + label63 + '.';  // 192 bytes
  for (const Row& row : {
           // Verified values of protocol section 3.2.
           Row{"localhost", true},
           Row{"abc.com", true},
           Row{"a.b.abc.com", true},
           Row{"host.local", true},
           Row{"my_host.example.com", true},
           Row{"node1", false},
           Row{"ab.com", false},
           Row{"x.y.co", false},
           Row{"abc.c0m", false},
           // More than one top label, and labels that only just have three characters in a row.
           Row{"abc.co.uk", true},
           Row{"123.com", true},
           Row{"a_bcd.com", true},
           Row{"abcd_ef.com", false},
           Row{"abc.ef.com", true},
           Row{"a.ef.com", false},
           Row{"abc.1.com", false},
           Row{"a-b.com", true},
           Row{"ABC.Com", true},
           Row{"xn--e1afmkfd.com", true},
           Row{"abc.xn--p1ai", false},
           // Junk that an unanchored test lets through.
           Row{"junk@@abc.com", false},
           Row{"localhostfoo", false},
           Row{"localhost.", false},
           Row{"", false},
           Row{".", false},
           Row{".abc.com", false},
           Row{"abc.com.", false},
           Row{"a..abc.com", false},
           Row{"-abc.com", false},
           Row{"abc-.com", false},
           Row{"abc.com\n", false},
           Row{"a b.abc.com", false},
           Row{"abc.com/x", false},
           Row{"пример.рф", false},
           Row{std::string("a\0b.abc.com", 11), false},
           // Lengths, at and just over the limit.
           Row{label63 + ".com", true},
           Row{"a" + label63 + ".com", false},
           Row{long_name + std::string(57, 'a') + ".com", true},
           Row{long_name + std::string(58, 'a') + ".com", false},
           // IP addresses.
           Row{"127.0.0.1", true},
           Row{"256.0.0.1", false},
           Row{"1.2.3", false},
           Row{"::1", true},
           Row{"[::1]", false},
           Row{"2001:db8::1", true},
       }) {
    INFO(row.host);
    CHECK(is_valid_host(row.host) == row.is_valid);
  }
}

TEST_CASE("address: parse: host and port are told apart") {
  struct Row {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* normal;
  };
  for (const Row& row : {
           Row{"localhost:4000", "localhost", 4000, "localhost:4000"},
           Row{"abc.com:0", "abc.com", 0, "abc.com:0"},
           Row{"ABC.com:65535", "ABC.com", 65535, "ABC.com:65535"},
           Row{"1.2.3.4:80", "1.2.3.4", 80, "1.2.3.4:80"},
           Row{"[::1]:80", "0000:0000:0000:0000:0000:0000:0000:0001", 80,
               "[0000:0000:0000:0000:0000:0000:0000:0001]:80"},
           Row{"[::ffff:1.2.3.4]:80", "0000:0000:0000:0000:0000:ffff:0102:0304", 80,
               "[0000:0000:0000:0000:0000:ffff:0102:0304]:80"},
       }) {
    INFO(row.text);
    const auto address = Address::parse(row.text);
    REQUIRE(address);
    CHECK(address->text() == row.normal);
    CHECK(address->host() == row.host);
    CHECK(address->port() == row.port);
    CHECK(Address::parse(address->text()).value() == *address);
    CHECK(Address::from_parts(row.host, row.port).value() == *address);
  }
}

TEST_CASE("address: parse: anything else is refused with the text in the message") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      ":"sv,
                                      ":80"sv,
                                      "localhost"sv,
                                      "localhost:"sv,
                                      "localhost:65536"sv,
                                      "localhost:100000"sv,
                                      "localhost:-1"sv,
                                      "localhost:+1"sv,
                                      "localhost: 1"sv,
                                      "localhost:1 "sv,
                                      " localhost:1"sv,
                                      "localhost:0x1"sv,
                                      "localhost:1.0"sv,
                                      "localhost:04000"sv,
                                      "localhost:00"sv,
                                      "localhost:1:2"sv,
                                      "localhost:1\0"sv,
                                      "node1:80"sv,
                                      "::1:80"sv,
                                      "[::1]"sv,
                                      "[::1]80"sv,
                                      "[::1]:"sv,
                                      "[1.2.3.4]:80"sv,
                                      "[localhost]:80"sv,
                                      "[[::1]]:80"sv,
                                      "[::1:80"sv,
                                      "::1]:80"sv,
                                      "[]:80"sv,
                                      "http://abc.com:80"sv,
                                      "user@abc.com:80"sv,
                                      "abc.com:80/x"sv}) {
    INFO(text);
    const auto address = Address::parse(text);
    REQUIRE_FALSE(address);
    CHECK(address.error().code == Errc::invalid_argument);
    CHECK(address.error().message.find('"' + std::string(text) + '"') != std::string::npos);
  }
}

TEST_CASE("address: parse: a long foreign text is quoted in part only") {
  const std::string head(64, 'x');
  const auto address = Address::parse(head + std::string(100'000, 'y'));
  REQUIRE_FALSE(address);
  CHECK(address.error().message == "not a node address: \"" + head + "…\"");
}

TEST_CASE("address: from parts: brackets are for the text alone") {
  CHECK_FALSE(Address::from_parts("[::1]", 1));
  CHECK_FALSE(Address::from_parts("", 1));
  CHECK_FALSE(Address::from_parts("abc.com:1", 1));
}

TEST_CASE("address: from ip: as from its text, IPv6 in full form and in brackets") {
  struct Row {
    const char* ip;
    std::uint16_t port;
    const char* text;
  };
  for (const Row& row :
       {Row{"127.0.0.1", 4000, "127.0.0.1:4000"}, Row{"0.0.0.0", 0, "0.0.0.0:0"},
        Row{"255.255.255.255", 65'535, "255.255.255.255:65535"},
        Row{"::ffff:10.0.0.7", 1, "10.0.0.7:1"},
        Row{"::", 80, "[0000:0000:0000:0000:0000:0000:0000:0000]:80"},
        Row{"2001:DB8::a", 443, "[2001:0db8:0000:0000:0000:0000:0000:000a]:443"}}) {
    INFO(row.ip);
    const IpAddress ip = IpAddress::parse(row.ip).value();
    const Address address = Address::from_ip(ip, row.port);
    CHECK(address.text() == row.text);
    CHECK(address == Address::from_parts(ip.text(), row.port).value());
    CHECK(address == Address::parse(row.text).value());
    CHECK(IpAddress::parse(address.host()) == ip);
    CHECK(address.port() == row.port);
  }
}

TEST_CASE("address: value: compared byte by byte, empty by default") {
  const Address nobody;
  CHECK(nobody.is_empty());
  CHECK(nobody.host().empty());
  CHECK(nobody.port() == 0);
  const Address a = Address::parse("abc.com:1").value();
  const Address b = Address::parse("abc.com:2").value();
  CHECK(a != b);
  CHECK(a != Address::parse("ABC.com:1").value());
  CHECK(std::set<Address>{b, a, a, nobody}.size() == 3);
  CHECK(std::hash<Address>{}(a) == std::hash<Address>{}(Address::parse("abc.com:1").value()));
}

}  // namespace spreadable
