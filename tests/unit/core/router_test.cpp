#include "core/router.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "core/wire.h"
#include "services/http/loop_waits.h"
#include "tests/support/fake_logger.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

/// A router with one route of each kind.
struct Fixture {
  ManualClock clock;
  FakeLogger logger;
  Router router{
      clock, logger, {.leaf = Millis{2000}, .forward = Millis{4000}, .client_concurrency = 2}};
  Duration budget{};

  Fixture() {
    router.add(Method::get, "/ping", WorkClass::leaf, [](CallContext&) { return Json{{"a", 1}}; });
    router.add(Method::post, "/api/echo", WorkClass::forward,
               [this](CallContext& call) -> Result<Json> {
                 budget = call.deadline.remaining(clock);
                 return call.body;
               });
    router.add(Method::post, "/api/refuse", WorkClass::leaf, [](CallContext&) -> Result<Json> {
      return Error{Errc::logical, "no", "ERR_X"};
    });
    router.add(Method::post, "/api/throw", WorkClass::leaf,
               [](CallContext&) -> Result<Json> { throw std::runtime_error("secret detail"); });
    router.set_fallback([](CallContext&) { return HttpResponse{.body = "page"}; });
  }

  HttpResponse send(Method method, std::string path, std::string body = "",
                    Headers headers = {{"Content-Type", "application/json"}}) {
    return router.handle({.method = method,
                          .path = std::move(path),
                          .query = "",
                          .headers = std::move(headers),
                          .body = std::move(body),
                          .remote_ip = IpAddress::loopback()});
  }
};

}  // namespace

TEST_CASE("router: paths: match without regard to case and one trailing slash") {
  Fixture fixture;
  for (const char* path : {"/ping", "/PING", "/ping/", "/Ping/"}) {
    INFO(path);
    CHECK(fixture.send(Method::get, path).body == R"({"a":1})");
    CHECK(fixture.send(Method::head, path).body == R"({"a":1})");
  }
  CHECK(fixture.send(Method::get, "//ping").body == "page");
  CHECK(fixture.send(Method::get, "/api/echo").body == "page");
}

TEST_CASE("router: unknown routes: POST gives 404 with the url") {
  Fixture fixture;
  const HttpResponse response = fixture.send(Method::post, "/api/x");
  CHECK(response.status == 404);
  CHECK(response.body == R"({"message":"Not found route \"/api/x\""})");
  CHECK(fixture.send(Method::other, "/ping").status == 404);
}

TEST_CASE("router: errors: become the protocol's status and body, internal ones without text") {
  struct Row {
    Error error;
    int status;
    const char* body;
  };
  for (const Row& row : {
           Row{{Errc::logical, "m", "ERR_X"}, 422, R"({"message":"m","code":"ERR_X"})"},
           Row{{Errc::logical, "m", ""}, 422, R"({"message":"m","code":"ERR_SPREADABLE_API"})"},
           Row{{Errc::bad_request, "m", ""}, 400, R"({"message":"m"})"},
           Row{{Errc::unauthorized, "m", ""}, 401, R"({"message":"m"})"},
           Row{{Errc::denied, "m", ""}, 403, R"({"message":"m"})"},
           Row{{Errc::too_large, "m", ""}, 413, R"({"message":"m"})"},
           Row{{Errc::overloaded, "m", ""}, 503, R"({"message":"m"})"},
           Row{{Errc::no_space, "m", ""}, 507, R"({"message":"Not enough space"})"},
           Row{{Errc::damaged, "m", ""}, 500, R"({"message":"Internal error"})"},
           Row{{Errc::timed_out, "m", ""}, 500, R"({"message":"m"})"},
           Row{{Errc::internal, "secret", ""}, 500, R"({"message":"Internal error"})"},
       }) {
    INFO(to_string(row.error.code));
    const HttpResponse response = error_response(row.error);
    CHECK(response.status == row.status);
    CHECK(response.body == row.body);
  }
}

TEST_CASE("router: handlers: what one throws is logged and not told") {
  Fixture fixture;
  const HttpResponse response = fixture.send(Method::post, "/api/throw");
  CHECK(response.status == 500);
  CHECK(response.body.find("secret") == std::string::npos);
  CHECK(fixture.logger.contains("secret detail"));
}

TEST_CASE("router: middleware: the longest prefix counts, also where no route matches") {
  Fixture fixture;
  std::vector<std::string> ran;
  const auto note = [&](std::string name, bool passes) -> Middleware {
    return [&ran, name, passes](CallContext&) -> Result<void> {
      ran.push_back(name);
      if (passes) return {};
      return Error{Errc::denied, name, ""};
    };
  };
  fixture.router.use("/api", note("first", /*passes=*/true));
  fixture.router.use("/api", note("second", /*passes=*/false));
  fixture.router.use("", note("rest", /*passes=*/true));
  CHECK(fixture.send(Method::post, "/API/nowhere").status == 403);
  CHECK(ran == std::vector<std::string>{"first", "second"});
  ran.clear();
  CHECK(fixture.send(Method::get, "/apis").status == 200);
  CHECK(ran == std::vector<std::string>{"rest"});
}

TEST_CASE("router: paths: a percent sign that starts no escape is a bad request") {
  Fixture fixture;
  for (const char* path : {"/%", "/%zz", "/a%4"}) {
    INFO(path);
    CHECK(fixture.send(Method::get, path).status == 400);
    CHECK(fixture.send(Method::post, path).status == 400);
  }
  CHECK(fixture.send(Method::get, "/a%41%2f").status == 200);
}

TEST_CASE("router: guards: run for their route alone, after the middleware") {
  Fixture fixture;
  std::string ran;
  fixture.router.use("/api", [&](CallContext&) -> Result<void> {
    ran += "m";
    return {};
  });
  fixture.router.protect("/api/echo", [&](CallContext&) -> Result<void> {
    ran += "g";
    return Error{Errc::logical, "no", "ERR_G"};
  });
  CHECK(fixture.router.is_protected("/api/echo"));
  CHECK_FALSE(fixture.router.is_protected("/api/refuse"));
  CHECK(fixture.send(Method::post, "/api/echo").status == 422);
  CHECK(ran == "mg");
  fixture.send(Method::post, "/api/refuse");
  CHECK(ran == "mgm");
}

TEST_CASE("router: concurrency: client routes admit so many at a time, others all") {
  Fixture fixture;
  std::vector<int> statuses;
  // Each request sends the next from inside its handler, so that all are at work together.
  for (const auto& [path, work] :
       {std::pair{"/client/deep", WorkClass::client}, std::pair{"/api/deep", WorkClass::forward}}) {
    fixture.router.add(Method::post, path, work, [&, path = path](CallContext&) -> Result<Json> {
      if (statuses.size() < 4) {
        statuses.push_back(0);
        const std::size_t at = statuses.size() - 1;
        statuses[at] = fixture.send(Method::post, path).status;
      }
      return Json::object();
    });
  }
  CHECK(fixture.send(Method::post, "/client/deep").status == 200);
  CHECK(statuses == std::vector<int>{200, 503});
  statuses.clear();
  CHECK(fixture.send(Method::post, "/api/deep").status == 200);
  CHECK(statuses == std::vector<int>{200, 200, 200, 200});
}

TEST_CASE("router: memory: of large answers their texts count until the response is gone") {
  Fixture fixture;
  constexpr std::uint64_t kMax = 1'000'000;
  const auto memory = std::make_shared<AnswerMemory>(std::make_unique<LoopWaits>(fixture.clock));
  for (const std::size_t length : {std::size_t{10}, std::size_t{20'000}}) {
    INFO(length);
    fixture.router.add(
        Method::post, "/client/" + std::to_string(length), WorkClass::client,
        [&](CallContext& call) -> Result<Json> {
          const AnswerMemory::Claim claim{AnswerMemory::Stage::coordinator, length * 2, kMax};
          call.memory.emplace(std::move(*memory->take(claim, call.deadline)));
          call.answer_bytes = length;
          return Json(std::string(length, 'x'));
        });
    const HttpResponse response =
        fixture.send(Method::post, "/client/" + std::to_string(length), "{}");
    CHECK(response.body.size() == length + 2);
    const bool is_large = length * 2 > kMax / AnswerMemory::kSmallShare;
    CHECK(memory->held() == (is_large ? response.body.capacity() : 0));
    CHECK((response.memory != nullptr) == is_large);
  }
  CHECK(memory->held() == 0);
}

TEST_CASE("router: preflight: is answered before any access check") {
  Fixture fixture;
  fixture.router.use("", [](CallContext&) -> Result<void> {
    return Error{Errc::denied, "no", ""};
  });
  const HttpResponse response = fixture.send(
      Method::options, "/ping", "", {{"Access-Control-Request-Headers", "client-version"}});
  CHECK(response.status == 204);
  CHECK(*response.headers.find("Access-Control-Allow-Headers") == "client-version");
  CHECK(*response.headers.find("Access-Control-Allow-Origin") == "*");
  CHECK(*fixture.send(Method::get, "/x").headers.find("Access-Control-Allow-Origin") == "*");
}

TEST_CASE("router: bodies: JSON and forms are read, scalars and broken ones refused") {
  struct Row {
    const char* type;
    std::string_view body;
    int status;
    const char* echoed;
  };
  Fixture fixture;
  for (const Row& row : {
           Row{"application/json", R"({"a":1})", 200, R"({"a":1})"},
           Row{"application/json; charset=UTF-8", "[1]", 200, "[1]"},
           Row{"application/json", "", 200, "{}"},
           Row{"application/json", "5", 400, nullptr},
           Row{"application/json", "{", 400, nullptr},
           Row{"application/json; charset=latin1", "{}", 415, nullptr},
           Row{"application/json; charset=\"utf-8\"", "\xEF\xBB\xBF[1]", 200, "[1]"},
           Row{"application/json; charset=utf-16",
               std::string_view("[\0"
                                "1\0]\0",
                                6),
               200, "[1]"},
           Row{"application/json; charset=utf-16", "\xD8\xD8\xD8", 400, nullptr},
           Row{"application/json-patch", "[1]", 200, "{}"},
           Row{"application/json, text/html", "[1]", 200, "{}"},
           Row{"application/json;", "[1]", 200, "{}"},
           Row{"application/json; a", "[1]", 200, "{}"},
           Row{"application/json; a=b; charset=utf-8", "[1]", 200, "[1]"},
           Row{"application/json; charset=utf-32", "[1]", 415, nullptr},
           Row{"application/x-www-form-urlencoded; charset=utf-16", "a", 415, nullptr},
           Row{"application/x-www-form-urlencoded", "a=1&a=2&b%5Bc%5D=x+y&d", 200,
               R"({"a":["1","2"],"b[c]":"x y","d":""})"},
           Row{"multipart/form-data; boundary=x", "--x", 200, "{}"},
       }) {
    INFO(row.type, " ", row.body);
    const HttpResponse response = fixture.send(Method::post, "/api/echo", std::string(row.body),
                                               {{"content-type", row.type}});
    CHECK(response.status == row.status);
    if (row.echoed) CHECK(response.body == row.echoed);
  }
}

TEST_CASE("router: deadline: comes from the body, else from the kind of work") {
  Fixture fixture;
  fixture.send(Method::post, "/api/echo", R"({"timeout":1000,"timestamp":5})");
  CHECK(fixture.budget == Millis{880});
  fixture.send(Method::post, "/api/echo");
  CHECK(fixture.budget == Millis{4000});
}

TEST_CASE("router: work class: told from the first line alone, unknown paths are leaf work") {
  const Fixture fixture;
  CHECK(fixture.router.work_class(Method::post, "/api/echo") == WorkClass::forward);
  CHECK(fixture.router.work_class(Method::post, "/API/ECHO/") == WorkClass::forward);
  CHECK(fixture.router.work_class(Method::get, "/api/echo") == WorkClass::leaf);
  CHECK(fixture.router.work_class(Method::post, "/nowhere") == WorkClass::leaf);
}

TEST_CASE("router: features: extras go only to those who asked") {
  Fixture fixture;
  CHECK_FALSE(fixture.send(Method::get, "/ping").headers.find(wire::kFeatures));
  const HttpResponse response = fixture.send(Method::get, "/ping", "", {{wire::kFeatures, "x"}});
  CHECK(*response.headers.find(wire::kFeatures) == wire::kOwnFeatures);
}

}  // namespace spreadable
