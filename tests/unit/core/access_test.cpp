#include "core/access.h"

#include <doctest/doctest.h>

#include "core/wire.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

class FixedResolver final : public Resolver {
 public:
  Result<IpAddress> resolve(std::string_view host) override {
    if (const auto ip = IpAddress::parse(host)) return *ip;
    if (host == "localhost") return IpAddress::loopback();
    if (host == "ten.example.com") return *IpAddress::parse("10.0.0.10");
    return Error{Errc::not_found, "no such host", {}};
  }
};

Access::Options open_options() {
  Access::Options options;
  options.self = *Address::parse("localhost:1");
  options.version = "spreadable-0.3";
  options.root = [] { return std::string("localhost:1"); };
  return options;
}

/// The error of the check that a request with these headers from `ip` meets, or an empty text.
std::string refusal(const Access::Options& options, Headers headers, const char* ip,
                    Result<void> (Access::*check)(CallContext&) const) {
  FixedResolver resolver;
  const ManualClock clock;
  const Authentication open({.realm = "localhost:1"}, clock);
  const Access access(options, {resolver, open});
  const HttpRequest request{.headers = std::move(headers)};
  CallContext call{.request = request,
                   .body = Json::object(),
                   .deadline = Deadline(TimePoint()),
                   .client_ip = *IpAddress::parse(ip)};
  if (Result<void> known = access.identify(call); !known) return known.error().message;
  const Result<void> passed = (access.*check)(call);
  return passed ? "" : passed.error().message;
}

Headers node_headers(const char* address, const char* version = "spreadable-0.3",
                     const char* root = "localhost:1") {
  return {
      {wire::kOriginalAddress, address}, {wire::kNodeVersion, version}, {wire::kNodeRoot, root}};
}

}  // namespace

TEST_CASE("access: nodes: address, version and root must be right") {
  struct Row {
    Headers headers;
    const char *ip, *refusal;
  };
  for (const Row& row : {
           Row{node_headers("ten.example.com:5"), "10.0.0.10", ""},
           Row{node_headers("10.0.0.10:5"), "10.0.0.10", ""},
           Row{node_headers("localhost:5"), "127.0.0.1", ""},
           Row{node_headers("localhost:5"), "10.0.0.10", "Wrong address \"localhost:5\""},
           Row{node_headers("gone.example.com:5"), "10.0.0.10",
               "Wrong address \"gone.example.com:5\""},
           Row{node_headers("garbage"), "10.0.0.10", "Address \"garbage\" is invalid"},
           Row{node_headers("10.0.0.10:5", "spreadable-0.4"), "10.0.0.10",
               "The version is different: \"spreadable-0.4\" instead of \"spreadable-0.3\""},
           Row{node_headers("10.0.0.10:5", "spreadable-0.3", "other:1"), "10.0.0.10",
               "Node root is different: \"other:1\" instead of \"localhost:1\""},
           Row{{}, "10.0.0.10", "Node root is different: \"undefined\" instead of \"localhost:1\""},
       }) {
    INFO(row.refusal);
    CHECK(refusal(open_options(), row.headers, row.ip, &Access::check_node) == row.refusal);
  }
}

TEST_CASE("access: lists: match addresses, hosts and ips; trust comes before both") {
  struct Row {
    std::vector<std::string> white, black, trust;
    bool passes;
  };
  for (const Row& row : {
           Row{{}, {}, {}, true},
           Row{{"10.0.0.10"}, {}, {}, true},
           Row{{"0000:0000:0000:0000:0000:ffff:0a00:000a"}, {}, {}, true},
           Row{{"10.0.0.11"}, {}, {}, false},
           Row{{}, {"10.0.0.10"}, {}, false},
           Row{{}, {"10.0.0.11"}, {}, true},
           Row{{"10.0.0.10"}, {"10.0.0.10"}, {}, true},
           Row{{}, {"10.0.0.10"}, {"10.0.0.10"}, true},
           Row{{"10.0.0.11"}, {}, {"10.0.0.10"}, true},
       }) {
    Access::Options options = open_options();
    options.whitelist = row.white;
    options.blacklist = row.black;
    options.trustlist = row.trust;
    CHECK(refusal(options, {}, "10.0.0.10", &Access::check_client).empty() == row.passes);
    FixedResolver resolver;
    const ManualClock clock;
    const Authentication open({.realm = "localhost:1"}, clock);
    CHECK(Access(options, {resolver, open})
              .check_lists(*Address::parse("ten.example.com:5"))
              .has_value() == row.passes);
  }
}

TEST_CASE("access: lists: a name that the client gives itself does not lift a ban") {
  Access::Options options = open_options();
  options.blacklist = {"10.0.0.10"};
  CHECK_FALSE(refusal(options, {{wire::kOriginalAddress, "localhost:1"}}, "10.0.0.10",
                      &Access::check_client)
                  .empty());
}

TEST_CASE("access: headers: a repeated one fits nothing, an empty client version is a wrong one") {
  Headers twice = node_headers("10.0.0.10:5");
  twice.add(std::string(wire::kOriginalAddress), "10.0.0.10:6");
  CHECK(refusal(open_options(), twice, "10.0.0.10", &Access::check_node) ==
        "Address \"10.0.0.10:5, 10.0.0.10:6\" is invalid");
  const auto version = [](Headers headers) {
    return refusal(open_options(), std::move(headers), "10.0.0.10", &Access::check_client);
  };
  CHECK(version({{"client-version", "spreadable-0.3"}}).empty());
  CHECK(version({}).empty());
  CHECK(version({{"node-version", ""}, {"client-version", "spreadable-0.3"}}).empty());
  CHECK_FALSE(version({{"client-version", ""}}).empty());
  CHECK_FALSE(
      version({{"node-version", "spreadable-0.3"}, {"node-version", "spreadable-0.3"}}).empty());
}

TEST_CASE("access: proxies: the client's ip is believed from configured ones alone") {
  const auto ip = [](const char* text) { return *IpAddress::parse(text); };
  const std::vector<IpAddress> proxies{ip("10.0.0.1"), ip("10.0.0.2")};
  struct Row {
    const char *socket, *forwarded, *client;
  };
  for (const Row& row : {
           Row{"10.0.0.1", "", "10.0.0.1"},
           Row{"10.0.0.1", "8.8.8.8", "8.8.8.8"},
           Row{"10.0.0.1", "8.8.8.8, 10.0.0.2", "8.8.8.8"},
           Row{"10.0.0.1", " 8.8.8.8 ,10.0.0.2,10.0.0.1", "8.8.8.8"},
           Row{"10.0.0.1", "2001:db8::1", "2001:db8::1"},
           Row{"10.0.0.1", "8.8.8.8, 9.9.9.9", "10.0.0.1"},
           Row{"10.0.0.1", "garbage", "10.0.0.1"},
           Row{"10.0.0.1", "8.8.8.8,", "10.0.0.1"},
           Row{"9.9.9.9", "8.8.8.8", "9.9.9.9"},
           Row{"127.0.0.1", "8.8.8.8", "127.0.0.1"},
       }) {
    INFO(row.socket, " ", row.forwarded);
    CHECK(client_ip_of(ip(row.socket), row.forwarded, proxies) == ip(row.client));
  }
}

TEST_CASE("access: proxies: lists judge the client behind the proxy") {
  Access::Options options = open_options();
  options.blacklist = {"8.8.8.8"};
  options.proxies = {*IpAddress::parse("10.0.0.1")};
  const Headers headers{{wire::kForwardedFor, "8.8.8.8"}};
  CHECK_FALSE(refusal(options, headers, "10.0.0.1", &Access::check_page).empty());
  CHECK(refusal(options, headers, "10.0.0.3", &Access::check_page).empty());
}

TEST_CASE("access: doubts: of a screen refuse nobody, and none concern the trusted") {
  FixedResolver resolver;
  const ManualClock clock;
  const Authentication open({.realm = "localhost:1"}, clock);
  Access::Options options = open_options();
  options.trustlist = {"10.0.0.7"};
  Access access(options, {resolver, open});
  const auto at = [](const char* text) { return *Address::parse(text); };
  const auto allow = [](const Address&, const IpAddress*) -> Result<void> { return {}; };
  const auto never = [] { return false; };
  access.add_screen({.check = allow, .needs_ip = never});
  CHECK_FALSE(access.is_doubted(at("10.0.0.8:1")));
  access.add_screen({.check = allow, .needs_ip = never, .doubts = [](const Address& peer) {
                       return peer.port() == 1;
                     }});
  CHECK(access.is_doubted(at("10.0.0.8:1")));
  CHECK(access.check_lists(at("10.0.0.8:1")).has_value());
  CHECK_FALSE(access.is_doubted(at("10.0.0.8:2")));
  CHECK_FALSE(access.is_doubted(at("10.0.0.7:1")));
  CHECK_FALSE(access.is_doubted(options.self));
}

}  // namespace spreadable
