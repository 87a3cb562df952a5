#include "services/mux/mux_transport.h"

#include <doctest/doctest.h>

#include <map>

#include "services/mux/frame.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "tests/integration/http_site.h"
#include "tests/support/http_peer.h"

namespace spreadable {
namespace {

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
  /// Asks until the peer has a connection with frames.
  void open_channel(const TransportRequest& request) {
    const std::size_t before = transport->channels();
    REQUIRE(wait_until([&] {
      REQUIRE(ask_one(request));
      return transport->channels() > before;
    }));
  }

  SystemClock clock;
  SystemResolver resolver{clock};
  EventLoop loop{clock};
  CurlTransport curl{clock, resolver};
  std::optional<MuxTransport> transport;
};

TransportRequest to(std::uint16_t port, std::string path, std::string body = "{}") {
  return {.to = *Address::parse("127.0.0.1:" + std::to_string(port)),
          .path = std::move(path),
          .body = std::move(body),
          .is_native = true};
}

/// Asks a server for frames, by hand.
RawConnection framed(const Site& site) {
  RawConnection connection = site.connect();
  connection.send(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: spreadable-mux/1\r\n\r\n");
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
  caller.open_channel(to(port, "/first"));
  REQUIRE(wait_until([&] {
    REQUIRE(caller.ask_one(to(port, "/again")));
    return caller.transport->channels() == 1;
  }));
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
  // One with frames, and those that served before it was there.
  CHECK(site.server.connections() <= 2 + CurlTransport::Options{}.connections_per_peer_max);
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

TEST_CASE("shared connections: requests get through when the connection has broken") {
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
}

TEST_CASE("shared connections: a peer that knows no frames is asked without") {
  HttpPeer peer([](const HttpRequest& request) { return HttpPeer::ok(request.path); });
  Caller caller;
  for (int i = 0; i < 20; ++i) {
    TransportRequest request = to(peer.port(), "/" + std::to_string(i));
    request.to = peer.address();
    const auto reply = caller.ask_one(request);
    REQUIRE(reply);
    CHECK(reply->body == request.path);
  }
  CHECK(wait_until([&] { return caller.transport->channels() == 0; }));
}

TEST_CASE("shared connections: strangers, clients' requests and large bodies go their own way") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller({.body_bytes_max = 100});
  TransportRequest request = to(port, "/x");
  SUBCASE("strangers") {
    request.is_native = false;
  }
  SUBCASE("of clients") {
    request.work = WorkClass::client;
  }
  SUBCASE("large") {
    request.body = std::string(101, ' ');
  }
  for (int i = 0; i < 20; ++i) CHECK(caller.ask_one(request));
  CHECK(caller.transport->channels() == 0);
}

TEST_CASE("shared connections: an idle one is closed") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  Caller caller({.idle_timeout = Millis{50}});
  caller.open_channel(to(port, "/open"));
  CHECK(wait_until([&] {
    // A request finds it closed, and counts it no more.
    std::this_thread::sleep_for(Millis{60});
    REQUIRE(caller.ask_one(to(port, "/x")));
    return caller.transport->channels() == 0;
  }));
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
