#include "core/access.h"

#include <doctest/doctest.h>

#include "core/wire.h"

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
  const Access access(options, resolver);
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
  return {{std::string(wire::kOriginalAddress), address},
          {std::string(wire::kNodeVersion), version},
          {std::string(wire::kNodeRoot), root}};
}

}  // namespace

TEST_CASE("access: nodes: address, version and root must be right") {
  struct Row { Headers headers; const char *ip, *refusal; };
  for (const Row& row : {
           Row{node_headers("ten.example.com:5"), "10.0.0.10", ""},
           Row{node_headers("10.0.0.10:5"), "10.0.0.10", ""},
           Row{node_headers("localhost:5"), "127.0.0.1", ""},
           Row{node_headers("localhost:5"), "10.0.0.10", "Wrong address \"localhost:5\""},
           Row{node_headers("gone.example.com:5"), "10.0.0.10", "Wrong address \"gone.example.com:5\""},
           Row{node_headers("garbage"), "10.0.0.10", "Address \"garbage\" is invalid"},
           Row{node_headers("10.0.0.10:5", "spreadable-0.4"), "10.0.0.10",
               "The version is different: \"spreadable-0.4\" instead of \"spreadable-0.3\""},
           Row{node_headers("10.0.0.10:5", "spreadable-0.3", "other:1"), "10.0.0.10",
               "Node root is different: \"other:1\" instead of \"localhost:1\""},
           Row{{}, "10.0.0.10",
               "Node root is different: \"undefined\" instead of \"localhost:1\""},
       }) {
    INFO(row.refusal);
    CHECK(refusal(open_options(), row.headers, row.ip, &Access::check_node) == row.refusal);
  }
}

TEST_CASE("access: lists: match addresses, hosts and ips; trust comes before both") {
  struct Row { std::vector<std::string> white, black, trust; bool passes; };
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
    CHECK(Access(options, resolver).check_lists(*Address::parse("ten.example.com:5")).has_value() ==
          row.passes);
  }
}

TEST_CASE("access: lists: a name that the client gives itself does not lift a ban") {
  Access::Options options = open_options();
  options.blacklist = {"10.0.0.10"};
  CHECK_FALSE(refusal(options, {{std::string(wire::kOriginalAddress), "localhost:1"}}, "10.0.0.10",
                      &Access::check_client)
                  .empty());
}

TEST_CASE("access: credentials: only the right ones pass") {
  Access::Options options = open_options();
  options.username = "user";
  options.password = "pa:ss";
  const auto with = [&](const std::string& value) {
    return refusal(options, {{"Authorization", value}}, "10.0.0.10", &Access::check_page);
  };
  CHECK(with("Basic dXNlcjpwYTpzcw==") == "");
  CHECK(basic_authorization("user", "pa:ss") == "Basic dXNlcjpwYTpzcw==");
  for (const char* wrong : {"", "Basic", "Basic dXNlcjpwYTpzcw", "basic dXNlcjpwYTpzcw==",
                            "Basic dXNlcjpwYTpzcw==x"}) {
    INFO(wrong);
    CHECK(with(wrong) == "Authentication is required");
  }
}

TEST_CASE("access: comparison: tells equal from different secrets") {
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK(equal_in_constant_time("", ""));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "ab"));
  CHECK_FALSE(equal_in_constant_time("abc", ""));
  CHECK_FALSE(equal_in_constant_time("", "abc"));
}

}  // namespace spreadable
