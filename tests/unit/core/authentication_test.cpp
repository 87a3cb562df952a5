#include "core/authentication.h"

#include <doctest/doctest.h>

#include "core/base64.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

constexpr const char* kCookie = "spreadableNetworkAuth[localhost:7110]";

/// A node with user `user` and password `pa:ss`, and what one request to it gets.
struct Visit {
  ManualClock clock;
  Authentication authentication{{.realm = "localhost:7110",
                                 .username = "user",
                                 .password = "pa:ss",
                                 .has_credentials_cookie = true},
                                clock};
  HttpRequest request;
  CallContext call{.request = request,
                   .body = Json::object(),
                   .deadline = Deadline(TimePoint()),
                   .client_ip = IpAddress::loopback()};

  explicit Visit(Headers headers) { request.headers = std::move(headers); }
  bool passes() { return authentication.check(call).has_value(); }
  std::optional<std::string_view> reply(const char* name) { return call.reply_headers.find(name); }
};

std::string cookie(const std::string& json) {
  return std::string(kCookie) + "=" + base64_encode(json);
}

}  // namespace

TEST_CASE("authentication: header: only the right credentials pass") {
  CHECK(basic_authorization("user", "pa:ss") == "Basic dXNlcjpwYTpzcw==");
  for (const char* right :
       {"Basic dXNlcjpwYTpzcw==", "basic dXNlcjpwYTpzcw==", "Basic   dXNlcjpwYTpzcw"}) {
    INFO(right);
    CHECK(Visit({{"Authorization", right}}).passes());
  }
  for (const char* wrong :
       {"", "Basic", "Basic ", "Bearer dXNlcjpwYTpzcw==", "Basic dXNlcjpwYTpzcw=",
        "Basic dXNlcjpwYTpzcw==x", "Basic dXNlcjpwYTpzc2E="}) {
    INFO(wrong);
    Visit visit({{"Authorization", wrong}});
    CHECK_FALSE(visit.passes());
    CHECK(*visit.reply("WWW-Authenticate") == "Basic realm=\"localhost:7110\"");
  }
}

TEST_CASE("authentication: cookie: passes without a header, in any spelling that clients write") {
  const std::string right = R"({"username":"user","password":"pa:ss"})";
  const std::string turned = R"({"password":"pa:ss","username":"user"})";
  for (const std::string& value : {cookie(right), cookie(turned), "a=b; " + cookie(right) + "; c=d",
                                   std::string(kCookie) + "=\"" + base64_encode(right) + "\""}) {
    INFO(value);
    Visit visit({{"Cookie", value}});
    CHECK(visit.passes());
    CHECK_FALSE(visit.reply("Set-Cookie"));
  }
}

TEST_CASE("authentication: cookie: is found in whichever header it stands, the first one counts") {
  const std::string right = cookie(R"({"username":"user","password":"pa:ss"})");
  const std::string wrong = cookie(R"({"username":"user","password":"wrong"})");
  struct Row {
    Headers headers;
    bool passes;
  };
  for (const Row& row :
       {Row{{{"Cookie", "a=b"}, {"cookie", right}}, true},
        Row{{{"Cookie", ""}, {"X", "y"}, {"COOKIE", "a=b; " + right}}, true},
        Row{{{"Cookie", right}, {"Cookie", wrong}}, true},
        Row{{{"Cookie", wrong}, {"Cookie", right}}, false},
        Row{{{"Cookie", "a=b"}, {"Cookie", "c=d"}}, false}, Row{{{"Cookie2", right}}, false}}) {
    CHECK(Visit(row.headers).passes() == row.passes);
  }
}

TEST_CASE("authentication: cookie: a wrong or unreadable one counts as none") {
  for (const std::string& value :
       {cookie(R"({"username":"user","password":"wrong"})"), cookie("{"), cookie("[]"),
        cookie(R"({"username":5,"password":"pa:ss"})"), std::string(kCookie) + "=%%%",
        std::string("spreadableNetworkAuth[localhost:1]=eyJ9")}) {
    INFO(value);
    CHECK_FALSE(Visit({{"Cookie", value}}).passes());
  }
}

TEST_CASE("authentication: cookie: given to who passes without one, secure under TLS") {
  for (const bool is_tls : {false, true}) {
    Visit visit({{"Authorization", "Basic dXNlcjpwYTpzcw=="}});
    visit.request.is_tls = is_tls;
    REQUIRE(visit.passes());
    CHECK(*visit.reply("Set-Cookie") ==
          std::string(kCookie) +
              "=eyJ1c2VybmFtZSI6InVzZXIiLCJwYXNzd29yZCI6InBhOnNzIn0=; path=/; "
              "expires=Thu, 08 Jan 2026 00:00:00 GMT" +
              (is_tls ? "; secure" : ""));
  }
}

TEST_CASE("authentication: session: the cookie is a token that holds nothing, and ends") {
  ManualClock clock;
  const Authentication closed({.realm = "localhost:7110", .username = "user", .password = "pa:ss"},
                              clock);
  const auto visit = [&](Headers headers) {
    const HttpRequest request{.headers = std::move(headers)};
    CallContext call{.request = request,
                     .body = Json::object(),
                     .deadline = Deadline(TimePoint()),
                     .client_ip = IpAddress::loopback()};
    const bool passes = closed.check(call).has_value();
    return std::pair(passes, std::string(call.reply_headers.find("Set-Cookie").value_or("")));
  };
  const auto [passes, set] = visit({{"Authorization", basic_authorization("user", "pa:ss")}});
  REQUIRE(passes);
  CHECK(
      set.ends_with("; path=/; expires=Thu, 08 Jan 2026 00:00:00 GMT; HttpOnly; SameSite=Strict"));
  const std::string cookie = set.substr(0, set.find(';'));
  CHECK(cookie.size() == std::string(kCookie).size() + 1 + 43);
  CHECK(cookie != visit({{"Authorization", basic_authorization("user", "pa:ss")}})
                      .second.substr(0, cookie.size()));

  CHECK(visit({{"Cookie", cookie}}) == std::pair(true, std::string()));
  CHECK(visit({{"Cookie", cookie}, {"Origin", "http://localhost:7110"}, {"Host", "localhost:7110"}})
            .first);
  for (const char* origin :
       {"http://evil.example.com", "http://localhost:7111", "null", "file://"}) {
    INFO(origin);
    CHECK_FALSE(visit({{"Cookie", cookie}, {"Origin", origin}, {"Host", "localhost:7110"}}).first);
  }
  CHECK_FALSE(visit({{"Cookie", cookie.substr(0, cookie.size() - 1)}}).first);
  const std::string credentials = R"({"username":"user","password":"pa:ss"})";
  CHECK_FALSE(visit({{"Cookie", std::string(kCookie) + "=" + base64_encode(credentials)}}).first);
  clock.advance(std::chrono::days{7});
  CHECK_FALSE(visit({{"Cookie", cookie}}).first);
}

TEST_CASE("authentication: session: only so many are remembered") {
  ManualClock clock;
  const Authentication closed({.realm = "localhost:1", .username = "user", .password = "p"}, clock);
  std::string first;
  for (std::size_t i = 0; i <= Authentication::kSessionsMax; ++i) {
    const HttpRequest request{.headers = {{"Authorization", basic_authorization("user", "p")}}};
    CallContext call{.request = request,
                     .body = Json::object(),
                     .deadline = Deadline(TimePoint()),
                     .client_ip = IpAddress::loopback()};
    REQUIRE(closed.check(call));
    clock.advance(Millis{1});
    if (!first.empty()) continue;
    const auto set = call.reply_headers.find("Set-Cookie");
    REQUIRE(set);
    first = set->substr(0, set->find(';'));
  }
  const HttpRequest request{.headers = {{"Cookie", first}}};
  CallContext call{.request = request,
                   .body = Json::object(),
                   .deadline = Deadline(TimePoint()),
                   .client_ip = IpAddress::loopback()};
  CHECK_FALSE(closed.check(call));
}

TEST_CASE("authentication: an open network asks nobody") {
  ManualClock clock;
  const Authentication open({.realm = "localhost:1"}, clock);
  const HttpRequest request;
  CallContext call{.request = request,
                   .body = Json::object(),
                   .deadline = Deadline(TimePoint()),
                   .client_ip = IpAddress::loopback()};
  CHECK(open.check(call));
  CHECK(call.reply_headers.size() == 0);
}

}  // namespace spreadable
