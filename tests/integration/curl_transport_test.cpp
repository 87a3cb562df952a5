#include "services/net/curl_transport.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <latch>
#include <map>
#include <mutex>
#include <thread>

#include "services/system/system_clock.h"
#include "tests/support/deflated.h"
#include "tests/support/http_peer.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;  // a deadline that only a failing test reaches
constexpr auto kSoon = 200ms;    // a deadline that is meant to pass

/// Names made up by the test. Looking up `slow.example` blocks until `release` is counted down.
class TestResolver final : public Resolver {
 public:
  [[nodiscard]] Result<IpAddress> resolve(std::string_view host) override {
    ++look_ups;
    if (host == "slow.example") release.wait();
    if (host == "none.example") return Error{.code = Errc::not_found, .message = "no such name"};
    return IpAddress::loopback();
  }

  std::atomic<int> look_ups = 0;
  std::latch release{1};
};

struct Fixture {
  explicit Fixture(CurlTransport::Options options = {})
      : transport(std::make_unique<CurlTransport>(clock, resolver, std::move(options))) {}

  std::vector<Result<TransportReply>> ask(const std::vector<TransportRequest>& requests,
                                          Duration timeout = kPatience,
                                          const std::function<void()>& meanwhile = {}) {
    return transport->request_group(requests, Deadline::after(clock, timeout), meanwhile);
  }
  Result<TransportReply> ask_one(TransportRequest request, Duration timeout = kPatience) {
    return std::move(ask({std::move(request)}, timeout).front());
  }

  SystemClock clock;
  TestResolver resolver;
  std::unique_ptr<CurlTransport> transport;
};

TransportRequest to(const Address& peer, std::string path = "/") {
  return {.to = peer, .path = std::move(path)};
}

HttpPeer::Answer echo(const HttpRequest& request) {
  return HttpPeer::ok(request.path);
}

HttpPeer::Answer gzip_answer(const std::string& bytes) {
  auto answer = HttpPeer::ok(deflated(bytes));
  answer.response.headers.add("Content-Encoding", "gzip");
  return answer;
}

std::size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

/// Waits until `condition` holds, for as long as a slow machine may need.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("curl transport: group: results stand in the order of the requests") {
  Fixture fixture;
  const auto delayed = [](const HttpRequest& request) {
    HttpPeer::Answer answer = echo(request);
    answer.response.status = request.path == "/1" ? 404 : 200;
    return answer;
  };
  HttpPeer first(delayed);
  HttpPeer second(delayed);
  const auto results =
      fixture.ask({to(first.address(), "/0"), to(second.address(), "/1"), to(refused_address()),
                   to(first.address(), "/3"), to(second.address(), "/4")});
  REQUIRE(results.size() == 5);
  CHECK(results[0]->body == "/0");
  CHECK(results[1]->body == "/1");
  CHECK(results[1]->status == 404);
  CHECK(results[2].error().code == Errc::unreachable);
  CHECK(results[3]->body == "/3");
  CHECK(results[4]->body == "/4");
}

TEST_CASE("curl transport: group: none is an empty result, and meanwhile runs all the same") {
  Fixture fixture;
  bool has_run = false;
  CHECK(fixture.ask({}, kPatience, [&] { has_run = true; }).empty());
  CHECK(has_run);
}

TEST_CASE("curl transport: request: arrives as it was given") {
  Fixture fixture;
  HttpRequest seen;
  HttpPeer peer([&](const HttpRequest& request) {
    seen = request;
    return HttpPeer::ok("");
  });
  const std::string large(3 << 20, 'x');
  struct Row {
    Method method;
    std::string body;
  };
  for (const Row& row : {Row{Method::post, "{}"}, Row{Method::get, ""}, Row{Method::head, ""},
                         Row{Method::options, ""}, Row{Method::post, ""}, Row{Method::get, "[1]"},
                         Row{Method::post, large}, Row{Method::get, ""}}) {
    const auto reply = fixture.ask_one({.to = peer.address(),
                                        .method = row.method,
                                        .path = "/a/../b%20c?d=1&e",
                                        .headers = {{"node-root", ""}, {"node-version", "x-0.3"}},
                                        .body = row.body});
    REQUIRE(reply);
    CHECK(reply->status == 200);
    CHECK(seen.method == row.method);
    CHECK(seen.path == "/a/../b%20c");
    CHECK(seen.query == "d=1&e");
    CHECK(seen.body == row.body);
    REQUIRE(seen.headers.find("node-root"));
    CHECK(seen.headers.find("node-root")->empty());
    CHECK(*seen.headers.find("node-version") == "x-0.3");
    CHECK(*seen.headers.find("host") == peer.address().text());
    CHECK_FALSE(seen.headers.find("expect"));
    CHECK_FALSE(seen.headers.find("content-type"));
    CHECK_FALSE(seen.headers.find("user-agent"));
  }
  CHECK(peer.accepted() == 1);
}

TEST_CASE("curl transport: request: asks for compressed answers, except within this machine") {
  Fixture fixture;
  std::string accepted;
  HttpPeer peer([&](const HttpRequest& request) {
    const auto value = request.headers.find("accept-encoding");
    accepted = value ? *value : "nothing";
    return gzip_answer("text");  // undone whatever was asked for
  });
  struct Row {
    const char* host;
    const char* accepted;
  };
  for (const Row& row : {Row{"peer.example", "gzip, deflate"}, Row{"localhost", "identity"},
                         Row{"127.0.0.1", "identity"}}) {
    INFO(row.host);
    const auto reply = fixture.ask_one(to(*Address::from_parts(row.host, peer.port())));
    REQUIRE(reply);
    CHECK(accepted == row.accepted);
    CHECK(reply->body == "text");
  }
}

TEST_CASE("curl transport: request: what cannot be written down is refused, the others are sent") {
  Fixture fixture;
  HttpPeer peer(echo);
  const auto results = fixture.ask({
      {.to = peer.address(), .path = "/", .headers = {{"a", "b\r\nc: d"}}},
      {.to = peer.address(), .path = "/", .headers = {{"a\n", "b"}}},
      {.to = peer.address(), .path = "no-slash"},
      {.to = peer.address(), .path = "/a b"},
      {.to = peer.address(), .path = "/a\r\nb"},
      {.to = peer.address(), .method = Method::other, .path = "/"},
      {.to = Address{}, .path = "/"},
      {.to = peer.address(), .path = "/", .authority = std::string("a\0b", 3)},
      {.to = peer.address(), .path = "/good"},
  });
  for (std::size_t slot = 0; slot + 1 < results.size(); ++slot) {
    INFO(slot);
    CHECK(results[slot].error().code == Errc::invalid_argument);
  }
  CHECK(results.back()->body == "/good");
  CHECK(peer.requests() == 1);
}

TEST_CASE("curl transport: reply: status, headers and body are those of the final answer") {
  Fixture fixture;
  HttpPeer peer([](const HttpRequest&) {
    return HttpPeer::raw(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nX-Blank:\r\nx-padded:  a b \t\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        /*closes=*/false);
  });
  const auto reply = fixture.ask_one(to(peer.address()));
  REQUIRE(reply);
  CHECK(reply->status == 302);
  CHECK(reply->body == "abcde");
  CHECK_FALSE(reply->headers.find("link"));
  CHECK(*reply->headers.find("location") == "/elsewhere");
  CHECK(reply->headers.find("x-blank")->empty());
  CHECK(*reply->headers.find("x-padded") == "a b");
  CHECK(peer.requests() == 1);
}

TEST_CASE("curl transport: silent peer: costs its own slot and no more than the deadline") {
  Fixture fixture;
  SilentPeer silent;
  HttpPeer hanging([](const HttpRequest&) { return HttpPeer::hang(); });
  HttpPeer good(echo);
  const TimePoint started = fixture.clock.now();
  const auto results = fixture.ask({to(silent.address()), to(good.address(), "/a"),
                                    to(hanging.address()), to(good.address(), "/b")},
                                   kSoon);
  const Duration took = fixture.clock.now() - started;
  CHECK(results[0].error().code == Errc::timed_out);
  CHECK(results[0].error().message == "no answer from " + silent.address().text() + " in time");
  CHECK(results[1]->body == "/a");
  CHECK(results[2].error().code == Errc::timed_out);
  CHECK(results[3]->body == "/b");
  CHECK(took >= kSoon);
  CHECK(took < kPatience);
  CHECK(eventually([&] { return hanging.open() == 0; }));  // the connection is not left behind
}

TEST_CASE("curl transport: deadline: one that has passed sends nothing") {
  Fixture fixture;
  HttpPeer peer(echo);
  CHECK(fixture.ask_one(to(peer.address()), -1s).error().code == Errc::timed_out);
  CHECK(fixture.ask_one(to(peer.address(), "/later"))->body == "/later");
  CHECK(peer.requests() == 1);
}

TEST_CASE("curl transport: refused: the error names the peer and the reason") {
  Fixture fixture;
  const Address peer = refused_address();
  const auto result = fixture.ask_one(to(peer));
  REQUIRE_FALSE(result);
  CHECK(result.error() ==
        Error{.code = Errc::unreachable,
              .message = "no connection to " + peer.text() + ": Connection refused"});
}

TEST_CASE("curl transport: bad answers: are told apart, and name the peer") {
  Fixture fixture;
  const std::string head = "HTTP/1.1 200 OK\r\n";
  struct Row {
    std::string what;
    std::string bytes;
    Errc code;
  };
  for (const Row& row : {
           Row{"nothing", "", Errc::unreachable},
           Row{"garbage", "220 mail.example ESMTP\r\n\r\n", Errc::bad_response},
           Row{"half a header", head + "Content-", Errc::unreachable},
           Row{"half a body", head + "Content-Length: 10\r\n\r\nabc", Errc::unreachable},
           Row{"half a chunk", head + "Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
               Errc::unreachable},
           Row{"no gzip", head + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
               Errc::bad_response},
           Row{"endless header", head + "a: " + std::string(70'000, 'b') + "\r\n\r\n",
               Errc::bad_response},
           Row{"many headers",
               head +
                   [] {
                     std::string lines;
                     for (int i = 0; i < 3000; ++i) lines += "some-header: of 24 bytes\r\n";
                     return lines;
                   }() +
                   "\r\n",
               Errc::bad_response},
       }) {
    INFO(row.what);
    HttpPeer peer([&](const HttpRequest&) { return HttpPeer::raw(row.bytes, /*closes=*/true); });
    const auto result = fixture.ask_one(to(peer.address()));
    REQUIRE_FALSE(result);
    INFO(result.error().message);
    CHECK(result.error().code == row.code);
    CHECK(result.error().message.find(peer.address().text()) != std::string::npos);
  }
}

TEST_CASE("curl transport: tls: a peer that does not speak it gets no request") {
  Fixture fixture;
  HttpPeer peer(echo);
  TransportRequest request = to(peer.address());
  request.is_tls = true;
  CHECK(fixture.ask_one(request, kSoon).error().code == Errc::timed_out);
  CHECK(peer.requests() == 0);
}

TEST_CASE("curl transport: policy: who calls public addresses only connects to no other") {
  Fixture fixture;
  HttpPeer peer(echo);
  const std::string port = ":" + std::to_string(peer.address().port());
  for (const char* host : {"localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "10.255.255.1",
                           "169.254.169.254", "0.0.0.0"}) {
    INFO(host);
    TransportRequest request = to(*Address::parse(host + port));
    request.is_public_only = true;
    CHECK(fixture.ask_one(request, kSoon).error().code == Errc::denied);
  }
  CHECK(peer.requests() == 0);
}

TEST_CASE("curl transport: redirects: are answers, and not followed") {
  Fixture fixture;
  HttpPeer elsewhere(echo);
  HttpPeer peer([&](const HttpRequest&) {
    HttpPeer::Answer answer = HttpPeer::ok("");
    answer.response.status = 302;
    answer.response.headers.add("Location", "http://" + elsewhere.address().text() + "/");
    return answer;
  });
  const auto reply = fixture.ask_one(to(peer.address()));
  REQUIRE(reply);
  CHECK(reply->status == 302);
  CHECK(elsewhere.requests() == 0);
}

TEST_CASE("curl transport: meanwhile: runs on the caller's thread while requests are under way") {
  Fixture fixture;
  std::latch has_run{1};
  HttpPeer peer([&](const HttpRequest& request) {
    has_run.wait();  // so the answer cannot come before
    return echo(request);
  });
  std::thread::id runner;
  const auto results = fixture.ask({to(peer.address(), "/x")}, kPatience, [&] {
    CHECK(eventually([&] { return peer.requests() == 1; }));
    runner = std::this_thread::get_id();
    has_run.count_down();
  });
  CHECK(results.front()->body == "/x");
  CHECK(runner == std::this_thread::get_id());
}

TEST_CASE("curl transport: kept connection: is used again, and a dead one is no error") {
  Fixture fixture;
  HttpPeer peer(echo);
  for (int i = 0; i < 20; ++i) REQUIRE(fixture.ask_one(to(peer.address())));
  CHECK(peer.accepted() == 1);
  for (int i = 0; i < 20; ++i) {
    peer.close_connections();
    const auto reply = fixture.ask_one(to(peer.address()));
    INFO((reply ? "" : reply.error().message));
    REQUIRE(reply);
  }
  CHECK(peer.accepted() == 21);
}

TEST_CASE("curl transport: kept connection: one that dies under a request is tried again anew") {
  Fixture fixture;
  std::atomic<int> count = 0;
  HttpPeer peer([&](const HttpRequest& request) {
    return ++count % 3 == 2 ? HttpPeer::raw("", /*closes=*/true) : echo(request);
  });
  for (int i = 0; i < 30; ++i) {
    const auto reply = fixture.ask_one({.to = peer.address(), .path = "/", .body = "{}"});
    INFO((reply ? "" : reply.error().message));
    REQUIRE(reply);
  }
  CHECK(peer.requests() == 45);  // every third met the end of its connection, and came again
}

TEST_CASE("curl transport: connections: a thousand requests at one peer share eight") {
  Fixture fixture;
  HttpPeer peer(echo);
  std::vector<TransportRequest> requests;
  for (int i = 0; i < 1000; ++i) requests.push_back(to(peer.address(), "/" + std::to_string(i)));
  const auto results = fixture.ask(requests);
  for (std::size_t i = 0; i < results.size(); ++i) {
    REQUIRE(results[i]);
    REQUIRE(results[i]->body == requests[i].path);
  }
  CHECK(peer.accepted() <= 8);
}

TEST_CASE("curl transport: connections: the total is kept, idle ones make room") {
  Fixture fixture({.connections_total_max = 3});
  std::vector<std::unique_ptr<HttpPeer>> peers;
  std::vector<TransportRequest> requests;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<HttpPeer>([&](const HttpRequest& request) {
      const int now = ++inside;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      --inside;
      return echo(request);
    }));
    for (int k = 0; k < 5; ++k) requests.push_back(to(peers.back()->address()));
  }
  for (const auto& result : fixture.ask(requests)) CHECK(result);
  CHECK(most <= 3);
  CHECK(eventually([&] {
    std::size_t open = 0;
    for (const auto& peer : peers) open += peer->open();
    return open <= 3;
  }));
}

TEST_CASE("curl transport: waiting: ends at the deadline, and holds up no other peer") {
  Fixture fixture({.connections_per_peer_max = 1});
  HttpPeer hanging([](const HttpRequest&) { return HttpPeer::hang(); });
  HttpPeer good(echo);
  std::vector<TransportRequest> requests(100, to(hanging.address()));
  requests.push_back(to(good.address()));
  const auto results = fixture.ask(requests, kSoon);
  for (std::size_t i = 0; i < 100; ++i) REQUIRE(results[i].error().code == Errc::timed_out);
  CHECK(results.back());
  CHECK(hanging.requests() == 1);
  CHECK(hanging.accepted() == 1);
}

TEST_CASE("curl transport: overload: requests beyond the bound are refused at once") {
  Fixture fixture({.requests_max = 5});
  HttpPeer peer(echo);
  const std::vector<TransportRequest> requests(8, to(peer.address()));
  for (int round = 0; round < 3; ++round) {
    const auto results = fixture.ask(requests);
    for (std::size_t i = 0; i < results.size(); ++i) {
      INFO(i);
      CHECK((i < 5 ? results[i].has_value() : results[i].error().code == Errc::overloaded));
    }
  }
}

TEST_CASE("curl transport: threads: many groups at once keep their answers apart") {
  Fixture fixture;
  std::vector<std::unique_ptr<HttpPeer>> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(std::make_unique<HttpPeer>(echo));
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        for (int round = 0; round < 20; ++round) {
          std::vector<TransportRequest> requests;
          for (const auto& peer : peers) {
            requests.push_back(to(peer->address(), "/" + std::to_string(t * 1000 + round)));
          }
          const auto results = fixture.ask(requests);
          for (std::size_t i = 0; i < results.size(); ++i) {
            if (results[i] && results[i]->body == requests[i].path) ++right;
          }
        }
      });
    }
  }
  CHECK(right == 16 * 20 * 4);
  for (const auto& peer : peers) CHECK(peer->accepted() <= 8);
}

TEST_CASE("curl transport: threads: callers may leave at their deadline while others stay") {
  Fixture fixture;
  HttpPeer half([count = std::make_shared<std::atomic<int>>(0)](const HttpRequest& request) {
    return ++*count % 2 == 0 ? HttpPeer::hang() : echo(request);
  });
  std::atomic<int> strange = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int round = 0; round < 10; ++round) {
          const std::vector<TransportRequest> requests(6, to(half.address()));
          for (const auto& result : fixture.ask(requests, 20ms)) {
            if (!result && result.error().code != Errc::timed_out) ++strange;
          }
        }
      });
    }
  }
  CHECK(strange == 0);
  CHECK(eventually([&] { return half.open() <= 8; }));
}

TEST_CASE("curl transport: destruction: settles what is under way as cancelled") {
  Fixture fixture({.connections_per_peer_max = 2});
  HttpPeer hanging([](const HttpRequest&) { return HttpPeer::hang(); });
  std::vector<Result<TransportReply>> results;
  std::jthread caller([&, transport = fixture.transport.get()] {
    const std::vector<TransportRequest> requests(5, to(hanging.address()));
    results = transport->request_group(requests, Deadline::after(fixture.clock, kPatience));
  });
  REQUIRE(eventually([&] { return hanging.requests() == 2; }));
  fixture.transport.reset();
  caller.join();
  REQUIRE(results.size() == 5);
  for (const auto& result : results) CHECK(result.error().code == Errc::cancelled);
}

TEST_CASE("curl transport: files: none is left open by answers, errors or broken-off requests") {
  HttpPeer good(echo);
  HttpPeer hanging([](const HttpRequest&) { return HttpPeer::hang(); });
  const Address refused = refused_address();
  const auto before = open_files();
  {
    Fixture fixture;
    for (int round = 0; round < 10; ++round) {
      std::vector<TransportRequest> requests;
      for (int i = 0; i < 100; ++i) {
        requests.push_back(to(i % 3 == 0   ? hanging.address()
                              : i % 3 == 1 ? refused
                                           : good.address()));
      }
      (void)fixture.ask(requests, 50ms);
    }
  }
  CHECK(eventually([&] { return good.open() + hanging.open() == 0; }));
  CHECK(open_files() == before);
}

TEST_CASE("curl transport: names: the resolver decides where to, the header keeps the name") {
  Fixture fixture;
  HttpPeer peer([](const HttpRequest& request) {
    return HttpPeer::ok(std::string(*request.headers.find("host")));
  });
  const Address named = *Address::from_parts("peer.example", peer.port());
  for (int i = 0; i < 3; ++i) {
    for (const auto& result : fixture.ask({to(named), to(named)})) {
      REQUIRE(result);
      CHECK(result->body == named.text());
    }
  }
  CHECK(fixture.resolver.look_ups == 1);
}

TEST_CASE("curl transport: names: one without an address is unreachable") {
  Fixture fixture;
  const auto result = fixture.ask_one(to(*Address::from_parts("none.example", 4000)));
  CHECK(result.error() == Error{.code = Errc::unreachable,
                                .message = "no connection to none.example:4000: no such name"});
}

TEST_CASE("curl transport: names: a look-up that hangs costs only the slots that need it") {
  Fixture fixture({.name_threads_max = 1, .names_max = 1});
  HttpPeer peer(echo);
  const auto named = [&](const char* name) { return to(*Address::from_parts(name, peer.port())); };
  const auto results =
      fixture.ask({named("slow.example"), to(peer.address()), named("slow.example")}, kSoon);
  CHECK(results[0].error().code == Errc::timed_out);
  CHECK(results[1]);
  CHECK(results[2].error().code == Errc::timed_out);
  CHECK(fixture.resolver.look_ups == 1);
  const auto queued = fixture.ask({named("bbb.example"), named("ccc.example")}, kSoon);
  CHECK(queued[0].error().code == Errc::timed_out);
  CHECK(queued[1].error().code == Errc::overloaded);
  fixture.resolver.release.count_down();
  CHECK(fixture.ask_one(named("slow.example")));
  CHECK(fixture.ask_one(named("bbb.example")));
}

TEST_CASE("curl transport: files: when the system has none left, that is not the peer's fault") {
  Fixture fixture;
  HttpPeer peer(echo);
  // Once on the same way beforehand: sanitizers need descriptors for what they see for the first
  // time.
  HttpPeer other(echo);
  REQUIRE(fixture.ask_one(to(other.address())));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto result = fixture.ask_one(to(peer.address()));
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(result.error() ==
        Error{.code = Errc::overloaded,
              .message = "no connection to " + peer.address().text() + ": Too many open files"});
  CHECK(fixture.ask_one(to(peer.address())));
}

TEST_CASE("curl transport: proxy: those named in the environment are not used") {
  ::setenv("http_proxy", ("http://" + refused_address().text()).c_str(), /*overwrite=*/1);
  Fixture fixture;
  HttpPeer peer(echo);
  const bool is_direct = fixture.ask_one(to(peer.address())).has_value();
  ::unsetenv("http_proxy");
  CHECK(is_direct);
}

TEST_CASE("curl transport: options: a limit of zero is refused by name") {
  CHECK_THROWS_WITH_AS(Fixture({.connections_per_peer_max = 0}),
                       "connections_per_peer_max must be above zero", std::invalid_argument);
  CHECK_THROWS_AS(Fixture({.requests_max = 0}), std::invalid_argument);
}

}  // namespace spreadable
