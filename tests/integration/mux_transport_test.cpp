#include "services/mux/mux_transport.h"

#include <doctest/doctest.h>

#include <array>
#include <map>

#include "services/mux/frame.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "tests/integration/http_site.h"
#include "tests/support/http_peer.h"

namespace spreadable {
namespace {

constexpr std::string_view kAgreement =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
    "Upgrade: spreadable-mux/1\r\n\r\n";

/// libcurl, and how much goes through it.
struct CountingTransport final : Transport {
  CountingTransport(const Clock& clock, Resolver& resolver) : curl(clock, resolver) {}
  std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> group, Deadline deadline,
      const std::function<void()>& meanwhile = {}) override {
    requests += group.size();
    return curl.request_group(group, deadline, meanwhile);
  }
  CurlTransport curl;
  std::atomic<std::size_t> requests = 0;
};

/// Knows one name besides those of the system, and knows that another has no address.
struct NamedResolver final : Resolver {
  explicit NamedResolver(Resolver& others) : others_(others) {}
  Result<IpAddress> resolve(std::string_view host) override {
    if (host == "known.example.com") return IpAddress::loopback();
    if (host == "unknown.example.com") return Error{Errc::not_found, "no address for it", {}};
    return others_.resolve(host);
  }

 private:
  Resolver& others_;
};

struct Caller {
  explicit Caller(MuxTransport::Options options = {}) {
    transport.emplace(MuxTransport::Ports{clock, loop, resolver, curl}, options);
  }

  std::vector<Result<TransportReply>> ask(const std::vector<TransportRequest>& requests,
                                          Duration timeout = kPatience) {
    return transport->request_group(requests, Deadline::after(clock, timeout));
  }
  Result<TransportReply> ask_one(TransportRequest request, Duration timeout = kPatience) {
    return std::move(ask({std::move(request)}, timeout).front());
  }
  /// Asks once, which opens a connection with frames.
  void open_channel(const TransportRequest& request) {
    const std::size_t before = transport->channels();
    REQUIRE(ask_one(request));
    REQUIRE(transport->channels() == before + 1);
  }
  /// Requests that went through libcurl.
  [[nodiscard]] std::size_t without_frames() const { return curl.requests; }

  SystemClock clock;
  SystemResolver system_resolver{clock};
  NamedResolver resolver{system_resolver};
  EventLoop loop{clock};
  CountingTransport curl{clock, resolver};
  std::optional<MuxTransport> transport;
};

TransportRequest to(std::uint16_t port, std::string path, std::string body = "{}") {
  return {.to = *Address::parse("127.0.0.1:" + std::to_string(port)),
          .path = std::move(path),
          .body = std::move(body),
          .may_be_native = true};
}

/// Asks a server for frames, by hand.
RawConnection framed(const Site& site) {
  RawConnection connection = site.connect();
  connection.send(
      "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: spreadable-mux/1\r\n\r\n");
  std::string answer;
  while (answer.find("\r\n\r\n") == std::string::npos) {
    const std::string more = connection.read_bare();
    REQUIRE_FALSE(more.empty());
    answer += more;
  }
  REQUIRE(answer.starts_with("HTTP/1.1 101 "));
  return connection;
}

/// The next `count` frames of a connection.
std::map<std::uint32_t, std::string> frames(RawConnection& connection, std::size_t count) {
  std::map<std::uint32_t, std::string> all;
  FrameReader reader(1 << 20);
  while (all.size() < count) {
    const std::string more = connection.read_bare();
    if (more.empty()) break;
    REQUIRE(reader.feed(more, [&](const Frame& frame) { all[frame.id] = frame.payload; }));
  }
  return all;
}

std::string frame(std::uint32_t id, std::string_view payload) {
  std::string bytes;
  append_frame(bytes, id, payload);
  return bytes;
}

}  // namespace

TEST_CASE("shared connections: many requests of many callers take one connection") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller;
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        const std::string body = std::to_string(thread * 1'000 + i);
        const auto reply = caller.ask_one(to(port, "/count?of=" + body, body));
        if (!reply || reply->status != 200) continue;
        const auto json = parse_json(reply->body);
        if ((*json)["body"] == body && (*json)["query"] == "of=" + body) ++right;
      }
    });
  }
  threads.clear();
  CHECK(right == 800);
  CHECK(site.server.connections() == 1);
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: a slow answer holds up no other, and times out alone") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    if (request.path == "/slow") door.pass();
    return EchoHandler::echo(request);
  });
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller;
  caller.open_channel(to(port, "/open"));
  const auto replies =
      caller.ask({to(port, "/quick"), to(port, "/slow"), to(port, "/quick")}, Millis{1'000});
  CHECK(replies[0]);
  CHECK(replies[2]);
  REQUIRE_FALSE(replies[1]);
  CHECK(replies[1].error().code == Errc::timed_out);
  door.open();
  CHECK(caller.ask_one(to(port, "/quick")));
}

TEST_CASE("shared connections: a peer that has come back is connected to anew") {
  EchoHandler handler;
  auto site = std::make_unique<Site>();
  const std::uint16_t port = site->start(handler);
  Caller caller;
  caller.open_channel(to(port, "/open"));
  site.reset();
  const auto lost = caller.ask_one(to(port, "/lost"));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == Errc::unreachable);
  Site again;
  again.start(handler, {.host = "127.0.0.1", .port = port});
  CHECK(caller.ask_one(to(port, "/found")));
  CHECK(caller.transport->channels() == 1);
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: what is under way when its connection breaks is sent once more") {
  std::atomic<int> pings = 0;
  // Agrees to frames, and breaks off at the first one; after a restart it knows them no more.
  HttpPeer peer([&](const HttpRequest& request) {
    const bool is_agreeing = request.path == "/ping" && ++pings == 1;
    return is_agreeing ? HttpPeer::raw(std::string(kAgreement), false) : HttpPeer::ok(request.path);
  });
  Caller caller;
  const auto reply = caller.ask_one(to(peer.port(), "/x"));
  REQUIRE(reply);
  CHECK(reply->body == "/x");
  CHECK(pings == 2);
}

TEST_CASE("shared connections: a peer that knows no frames is pinged once, and asked without") {
  std::atomic<int> pings = 0;
  HttpPeer peer([&](const HttpRequest& request) {
    if (request.path == "/ping") {
      ++pings;
      CHECK(request.method == Method::get);
      CHECK(request.headers.find("upgrade") == "spreadable-mux/1");
    }
    return HttpPeer::ok(request.path);
  });
  Caller caller;
  for (int i = 0; i < 20; ++i) {
    TransportRequest request = to(peer.port(), "/" + std::to_string(i));
    request.to = peer.address();
    const auto reply = caller.ask_one(request);
    REQUIRE(reply);
    CHECK(reply->body == request.path);
  }
  CHECK(pings == 1);
  CHECK(caller.without_frames() == 20);
  CHECK(caller.transport->channels() == 0);
}

TEST_CASE("shared connections: however a peer declines frames, its request goes without") {
  HttpPeer::Answer answer;
  SUBCASE("an error") {
    answer = HttpPeer::raw("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", false);
  }
  SUBCASE("no HTTP") {
    answer = HttpPeer::raw("what?", true);
  }
  SUBCASE("the end") {
    answer = HttpPeer::raw("", true);
  }
  SUBCASE("another protocol") {
    answer = HttpPeer::raw(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", true);
  }
  SUBCASE("bytes before it was asked anything") {
    answer = HttpPeer::raw(std::string(kAgreement) + "xxxx", true);
  }
  SUBCASE("silence") {
    answer = HttpPeer::hang();
  }
  HttpPeer peer([&](const HttpRequest& request) {
    return request.path == "/ping" ? answer : HttpPeer::ok(request.path);
  });
  Caller caller({.answer_timeout = Millis{50}});
  const auto reply = caller.ask_one(to(peer.port(), "/x"));
  REQUIRE(reply);
  CHECK(reply->body == "/x");
  CHECK(caller.without_frames() == 1);
}

TEST_CASE("shared connections: who declines holds up no other, and is not held up") {
  HttpPeer silent([](const HttpRequest&) { return HttpPeer::hang(); });
  HttpPeer foreign([](const HttpRequest& request) { return HttpPeer::ok(request.path); });
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller({.answer_timeout = kPatience});
  int runs = 0;
  const auto replies = caller.transport->request_group(
      std::vector{to(silent.port(), "/a"), to(foreign.port(), "/b"), to(port, "/c")},
      Deadline::after(caller.clock, Millis{500}), [&] { ++runs; });
  CHECK(runs == 1);
  REQUIRE_FALSE(replies[0]);
  CHECK(replies[0].error().code == Errc::timed_out);
  REQUIRE(replies[1]);
  CHECK(replies[1]->body == "/b");
  CHECK(replies[2]);
}

TEST_CASE("shared connections: many who decline one after the other all get their request") {
  std::vector<std::unique_ptr<HttpPeer>> peers;
  std::vector<TransportRequest> requests;
  for (int i = 0; i < 12; ++i) {
    peers.push_back(std::make_unique<HttpPeer>([i](const HttpRequest& request) {
      if (request.path == "/ping") std::this_thread::sleep_for(Millis{10 * i});
      return HttpPeer::ok(request.path);
    }));
    requests.push_back(to(peers.back()->port(), "/" + std::to_string(i)));
  }
  Caller caller;
  const auto replies = caller.ask(requests);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    REQUIRE(replies[i]);
    CHECK(replies[i]->body == requests[i].path);
  }
}

TEST_CASE("shared connections: foreigners, clients' requests and large bodies go their own way") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller({.body_bytes_max = 100});
  TransportRequest request = to(port, "/x");
  SUBCASE("foreigners") {
    request.may_be_native = false;
  }
  SUBCASE("of clients") {
    request.work = WorkClass::client;
  }
  SUBCASE("large") {
    request.body = std::string(101, ' ');
  }
  for (int i = 0; i < 20; ++i) CHECK(caller.ask_one(request));
  CHECK(caller.transport->channels() == 0);
  CHECK(caller.without_frames() == 20);
}

TEST_CASE(
    "shared connections: a peer that is not there is named with the reason, without libcurl") {
  std::uint16_t port = 0;
  {
    EchoHandler handler;
    Site site;
    port = site.start(handler);
  }
  Caller caller;
  const auto refused = caller.ask_one(to(port, "/x"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unreachable);
  CHECK(refused.error().message ==
        "no connection to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  TransportRequest nowhere = to(port, "/x");
  nowhere.to = *Address::parse("unknown.example.com:80");
  const auto unknown = caller.ask_one(nowhere);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::unreachable);
  CHECK(unknown.error().message == "no connection to unknown.example.com:80: no address for it");
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: a peer that never answers is given up at the deadline") {
  SilentPeer peer;
  Caller caller({.answer_timeout = Millis{50}});
  TransportRequest request = to(1, "/x");
  request.to = peer.address();
  const auto reply = caller.ask_one(request, Millis{200});
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::timed_out);
}

TEST_CASE("shared connections: a name is looked up, and stays in the request") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller;
  TransportRequest request = to(port, "/x");
  request.to = *Address::parse("known.example.com:" + std::to_string(port));
  const auto replies = caller.ask({request, request, to(port, "/x")});
  for (const auto& reply : replies) REQUIRE(reply);
  CHECK((*parse_json(replies[0]->body))["headers"]["Host"] == request.to.text());
  CHECK(caller.transport->channels() == 2);  // by address, whatever the ip
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: who calls public addresses only is not connected to others") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller;
  TransportRequest request = to(port, "/x");
  request.is_public_only = true;
  SUBCASE("on a new connection") {}
  SUBCASE("by name") {
    request.to = *Address::parse("known.example.com:" + std::to_string(port));
  }
  SUBCASE("on one that is there") {
    caller.open_channel(to(port, "/x"));
  }
  const std::size_t before = site.server.connections();
  const auto reply = caller.ask_one(request);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == Errc::denied);
  CHECK(site.server.connections() == before);
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: a busy peer takes the place of the one idle for longest") {
  EchoHandler handler;
  std::array<Site, 3> sites;
  std::vector<TransportRequest> requests;
  for (Site& site : sites) requests.push_back(to(site.start(handler), "/x"));
  SUBCASE("when it is busy") {
    Caller caller({.channels_max = 2, .busy_requests = 1, .busy_period = Millis{0}});
    for (const TransportRequest& request : requests) CHECK(caller.ask_one(request));
    CHECK(caller.without_frames() == 0);
    CHECK(caller.transport->channels() == 2);
    CHECK(wait_until([&] { return sites[0].server.connections() == 0; }));
    CHECK(sites[1].server.connections() == 1);
  }
  SUBCASE("else not") {
    Caller caller({.channels_max = 2});
    for (const TransportRequest& request : requests) CHECK(caller.ask_one(request));
    CHECK(caller.without_frames() == 1);
    CHECK(sites[0].server.connections() == 1);
  }
}

TEST_CASE("shared connections: a peer that has left holds no place") {
  EchoHandler handler;
  auto leaver = std::make_unique<Site>();
  Site other;
  const std::uint16_t port = other.start(handler);
  Caller caller({.channels_max = 1});
  caller.open_channel(to(leaver->start(handler), "/x"));
  leaver.reset();
  CHECK(wait_until([&] { return caller.transport->channels() == 0; }));
  caller.open_channel(to(port, "/y"));
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: an idle one is closed, and made again") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller({.idle_timeout = Millis{50}});
  for (const char* path : {"/open", "/again"}) {
    CHECK(caller.ask_one(to(port, path)));
    CHECK(wait_until([&] { return caller.transport->channels() == 0; }));
    CHECK(wait_until([&] { return site.server.connections() == 0; }));
  }
  CHECK(caller.without_frames() == 0);
}

TEST_CASE("shared connections: what is under way when the transport ends is cancelled") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    if (request.path == "/slow") door.pass();
    return EchoHandler::echo(request);
  });
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller;
  caller.open_channel(to(port, "/open"));
  std::optional<Result<TransportReply>> reply;
  {
    const std::jthread thread([&] { reply = caller.ask_one(to(port, "/slow")); });
    REQUIRE(wait_until([&] { return door.waiting() == 1; }));
    caller.transport.reset();
  }
  door.open();
  REQUIRE(reply);
  REQUIRE_FALSE(*reply);
  CHECK(reply->error().code == Errc::cancelled);
}

TEST_CASE("frames at a server: answers come in any order, each with its number") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    if (request.path == "/forward") door.pass();
    return EchoHandler::echo(request);
  });
  Site site;
  site.start(handler);
  RawConnection connection = framed(site);
  connection.send(frame(7, post("/forward", "a")) + frame(8, post("/leaf", "b")) +
                  frame(9, "HEAD /leaf HTTP/1.1\r\nHost: x\r\n\r\n"));
  auto quick = frames(connection, 2);
  CHECK(quick.contains(8));
  REQUIRE(quick.contains(9));
  CHECK(quick[9].ends_with("\r\n\r\n"));
  door.open();
  CHECK(frames(connection, 1).contains(7));
}

TEST_CASE("frames at a server: a frame that is no request costs that frame alone") {
  EchoHandler handler;
  Site site;
  site.start(handler);
  RawConnection connection = framed(site);
  connection.send(frame(1, "nonsense") + frame(2, post("/x", "b").substr(0, 20)) +
                  frame(3, post("/client", "c")) + frame(4, post("/x", "d") + post("/x", "e")) +
                  frame(5, post("/x", "f")));
  auto answers = frames(connection, 5);
  REQUIRE(answers.size() == 5);
  for (const std::uint32_t id : {1U, 2U, 3U, 4U}) CHECK(answers[id].starts_with("HTTP/1.1 400 "));
  CHECK(answers[5].starts_with("HTTP/1.1 200 "));
}

TEST_CASE("frames at a server: one that is too long, or stays unfinished, ends the connection") {
  EchoHandler handler;
  Site site({.body_grace = Millis{50}});
  site.start(handler, {.host = "127.0.0.1", .body_bytes_max = 1'000});
  RawConnection connection = framed(site);
  SUBCASE("too long") {
    connection.send(std::string("\0\1\0\0\0\0\0\1", 8));
  }
  SUBCASE("unfinished") {
    connection.send(std::string("\0\0\0\7\0\0\0\1abc", 11));
  }
  CHECK(connection.is_ended());
  CHECK(wait_until([&] { return site.server.connections() == 0; }));
}

TEST_CASE("frames at a server: who reads no answers is cut off, and holds no worker") {
  EchoHandler handler([](const HttpRequest&) {
    return HttpResponse{.content_type = "text/plain", .body = std::string(1 << 20, 'x')};
  });
  Site site({.body_grace = Millis{100}, .body_rate_min = 1 << 30});
  site.start(handler);
  RawConnection greedy = framed(site);
  for (std::uint32_t id = 0; id < 64; ++id) greedy.send(frame(id, post("/x", "")));
  CHECK(wait_until([&] { return site.server.connections() == 0; }));
  CHECK(wait_until([&] { return site.loop.buffered_bytes().taken() == 0; }));
}

TEST_CASE("frames at a server: stopping waits for answers under way, and refuses further ones") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    door.pass();
    return EchoHandler::echo(request);
  });
  Site site;
  site.start(handler);
  RawConnection connection = framed(site);
  connection.send(frame(1, post("/forward", "")));
  REQUIRE(wait_until([&] { return door.waiting() == 1; }));
  std::jthread stopper([&] { site.server.stop(site.in(kPatience)); });
  REQUIRE(wait_until([&] { return !RawConnection::try_connect(site.server.port()); }));
  connection.send(frame(2, post("/forward", "")));
  CHECK(frames(connection, 1)[2].starts_with("HTTP/1.1 503 "));
  door.open();
  CHECK(frames(connection, 1).contains(1));
  stopper.join();
}

}  // namespace spreadable
