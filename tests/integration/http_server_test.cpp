#include "services/http/http_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "services/http/detail/content_coding.h"
#include "tests/integration/http_site.h"
#include "tests/support/deflated.h"
#include "tests/support/free_port.h"

namespace spreadable {
namespace {

/// Takes every file descriptor the process may still open, until it is destroyed.
class FullDescriptorTable {
 public:
  FullDescriptorTable() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit small{256, before_.rlim_max};  // so that taking them all is quick
    setrlimit(RLIMIT_NOFILE, &small);
    while (true) {
      const int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (taken < 0) break;
      taken_.push_back(taken);
    }
    REQUIRE_FALSE(taken_.empty());
  }
  ~FullDescriptorTable() { release_all(); }
  FullDescriptorTable(const FullDescriptorTable&) = delete;
  FullDescriptorTable& operator=(const FullDescriptorTable&) = delete;

  void release_one() {
    close(taken_.back());
    taken_.pop_back();
  }
  void release_all() {
    while (!taken_.empty()) release_one();
    setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

std::size_t thread_count() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

bool has_ipv6_loopback() {
  EchoHandler handler;
  Site site;
  return site.server.start({.host = "::1"}, handler).has_value();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

TEST_CASE(
    "http server: keep-alive: one connection serves many requests and says how long it lasts") {
  EchoHandler handler;
  Site site(each_wire());
  site.start(handler);
  RawConnection client = site.connect();
  for (int i = 0; i < 50; ++i) {
    const auto response = client.request(kPing);
    CHECK(echoed(response)["path"] == "/ping");
    CHECK(response->field("Keep-Alive") == "timeout=5");
    CHECK(response->field("Content-Type") == "application/json; charset=utf-8");
  }
  CHECK(site.server.connections() == 1);
}

TEST_CASE("http server: requests: reach the handler as they were sent") {
  EchoHandler handler;
  Site site;
  RawConnection client(site.start(handler));
  const auto request = echoed(client.request(
      "GET //A%2f/b/?x[y]=%20&z HTTP/1.1\r\nHost: x\r\nnode-root:\r\nCookie: a=%0d%0a\r\n\r\n"));
  CHECK(request["path"] == "//A%2f/b/");
  CHECK(request["query"] == "x[y]=%20&z");
  CHECK(request["headers"]["node-root"] == "");
  CHECK(request["headers"]["Cookie"] == "a=%0d%0a");
  CHECK(request["ip"] == "127.0.0.1");
  struct Row {
    const char* name;
    Method method;
  };
  for (const Row& row :
       {Row{"GET", Method::get}, Row{"POST", Method::post}, Row{"OPTIONS", Method::options},
        Row{"PUT", Method::other}, Row{"BREW", Method::other}}) {
    INFO(row.name);
    const auto answer = client.request(fmt::format("{} / HTTP/1.1\r\nHost: x\r\n\r\n", row.name));
    CHECK(echoed(answer)["method"] == static_cast<int>(row.method));
  }
}

TEST_CASE("http server: pipelining: answers come in order, slow ones and other classes included") {
  EchoHandler handler([](const HttpRequest& request) {
    if (request.path == "/client/slow") std::this_thread::sleep_for(Millis{20});
    return EchoHandler::echo(request);
  });
  Site site(each_wire());
  site.start(handler);
  RawConnection client = site.connect();
  std::string requests;
  for (int i = 0; i < 60; ++i) {
    const char* path = i % 7 == 0 ? "/client/slow" : i % 3 == 0 ? "/forward" : "/leaf";
    requests += post(path, std::to_string(i));
  }
  for (const std::size_t piece : {requests.size(), std::size_t{37}}) {
    for (std::size_t at = 0; at < requests.size(); at += piece) {
      client.send(std::string_view(requests).substr(at, piece));
    }
    for (int i = 0; i < 60; ++i) CHECK(echoed(client.receive())["body"] == std::to_string(i));
  }
}

TEST_CASE("http server: HEAD: the length of the body, without the body") {
  EchoHandler handler;
  Site site(each_wire());
  site.start(handler);
  RawConnection client = site.connect();
  client.send("HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.receive(/*is_head=*/true);
  REQUIRE(head);
  CHECK(std::stoul(head->field("Content-Length")) > 0);
  CHECK(echoed(client.request(kPing))["path"] == "/ping");
}

TEST_CASE("http server: connection: closed after HTTP/1.0 and `close`, kept when both sides wish") {
  EchoHandler handler;
  Site site(each_wire());
  site.start(handler);
  struct Row {
    const char* head;
    bool is_closed;
  };
  for (const Row& row :
       {Row{"GET / HTTP/1.0\r\n", true}, Row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", false},
        Row{"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", true}}) {
    INFO(row.head);
    RawConnection client = site.connect();
    const auto response = client.request(std::string(row.head) + "\r\n");
    REQUIRE(response);
    CHECK(response->status == 200);
    CHECK(response->field("Connection") == (row.is_closed ? "close" : "keep-alive"));
    if (row.is_closed) {
      CHECK(client.is_ended());
    } else {
      CHECK(client.request(kPing));
    }
  }
  for (int i = 0; i < 20; ++i) {  // the end comes with the request, or just after it
    RawConnection half = site.connect();
    half.send(kPing);
    half.end_writing();
    CHECK(half.receive());
    CHECK(half.is_ended());
  }
}

TEST_CASE("http server: bodies: every framing and coding gives the handler the same bytes") {
  EchoHandler handler;
  Site site(each_wire(),
            {.collected_body_bytes_max = 10'000});  // so that the last row is read by a worker
  site.start(handler);
  const std::string small = R"({"a":1})";
  const std::string large = std::string(400'000, 'x');
  const std::string chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct Row {
    const char* about;
    std::string request;
    std::string body;
  };
  const std::string large_chunk = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", large.size(), large);
  for (const Row& row :
       {Row{"length", post("/", small), small},
        Row{"chunked", chunked + "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n", small},
        Row{"gzip", post("/", deflated(small), "Content-Encoding: gzip\r\n"), small},
        Row{"deflate", post("/", deflated(small, kZlibWrapping), "Content-Encoding: deflate\r\n"),
            small},
        Row{"large gzip", post("/", deflated(large), "Content-Encoding: gzip\r\n"), large},
        Row{"large", post("/", large), large}, Row{"large chunk", chunked + large_chunk, large}}) {
    INFO(row.about);
    RawConnection client = site.connect();
    CHECK(echoed(client.request(row.request))["body"] == row.body);
    CHECK(echoed(client.request(kPing))["path"] == "/ping");
  }
  CHECK(site.loop.body_workers().taken() == 0);
  CHECK(wait_until([&] { return site.loop.buffered_bytes().taken() == 0; }));
}

TEST_CASE("http server: expectation: 100 Continue comes before the body, refusal instead of it") {
  EchoHandler handler;
  Site site(each_wire());
  site.start(handler);
  RawConnection client = site.connect();
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const auto interim = client.receive();
  REQUIRE(interim);
  CHECK(interim->status == 100);
  CHECK(echoed(client.request("hello"))["body"] == "hello");
  const auto refused = client.request(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 600000\r\n\r\n");
  REQUIRE(refused);
  CHECK(refused->status == 413);
}

TEST_CASE("http server: refusals: carry a message and close the connection where it can't go on") {
  EchoHandler handler;
  Site site({.collected_body_bytes_max = 1'000});
  const std::uint16_t port = site.start(handler, {.host = "127.0.0.1", .body_bytes_max = 5'000});
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::string fields;
  for (std::size_t i = 0; i < kHeadFieldsMax; ++i) fields += "A: b\r\n";
  struct Row {
    const char* about;
    std::string request;
    int status;
    bool is_closed;
  };
  for (const Row& row :
       {Row{"two lengths", get + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, true},
        Row{"garbage", "\x16\x03\x01 hello\r\n\r\n", 400, true},
        Row{"long head", get + "A: " + std::string(100'000, 'a') + "\r\n\r\n", 431, true},
        Row{"many fields", get + fields + "\r\n", 431, true},
        Row{"large body", post("/", std::string(5'001, 'x')), 413, true},
        Row{"large chunks",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                fmt::format("7d0\r\n{0}\r\n7d0\r\n{0}\r\n7d0\r\n{0}\r\n", std::string(2'000, 'x')),
            413, true},
        Row{"inflate bomb",
            post("/", deflated(std::string(1'000'000, 'x')), "Content-Encoding: gzip\r\n"), 413,
            false},
        Row{"damaged gzip", post("/", "hello", "Content-Encoding: gzip\r\n"), 400, false},
        Row{"unknown coding", post("/", "hello", "Content-Encoding: zstd\r\n"), 415, false}}) {
    INFO(row.about);
    RawConnection client(port);
    const auto response = client.request(row.request);
    REQUIRE(response);
    CHECK(response->status == row.status);
    CHECK_FALSE((*parse_json(response->body))["message"].get<std::string>().empty());
    CHECK(response->field("Access-Control-Allow-Origin") == "*");
    if (row.is_closed) {
      client.end_writing();
      CHECK(client.is_ended());
    } else {
      CHECK(echoed(client.request(kPing))["path"] == "/ping");
    }
  }
}

TEST_CASE(
    "http server: deadlines: those who send too slowly are cut, with 408 once they have begun") {
  EchoHandler handler;
  Site site(each_wire(), {.head_timeout = Millis{300},
                          .body_grace = Millis{100},
                          .collected_body_bytes_max = 100,
                          .idle_timeout = std::chrono::seconds{5}});
  site.start(handler);
  struct Row {
    const char* about;
    std::string bytes;
    int status;
  };
  for (const Row& row :
       {Row{"silent", "", 0}, Row{"slow head", "GET / HTTP/1.1\r\nHost: ", 408},
        Row{"empty lines", "\r\n\r\n", 0}, Row{"slow body", post("/", "hello").substr(0, 50), 408},
        Row{"slow large body", post("/", std::string(200, 'x')).substr(0, 200), 408}}) {
    INFO(row.about);
    RawConnection client = site.connect();
    client.send(row.bytes);
    const auto response = client.receive();
    CHECK(response.has_value() == (row.status != 0));
    if (response) CHECK(response->status == row.status);
    CHECK(client.is_ended());
  }
  CHECK(handler.calls() == 0);
  CHECK(site.loop.body_workers().taken() == 0);
}

TEST_CASE("http server: deadlines: an idle connection ends after its timeout, not before") {
  EchoHandler handler;
  Site site(each_wire(), {.head_timeout = Millis{400},
                          .idle_timeout = Millis{1'000},
                          .keep_alive_announced = std::chrono::seconds{0}});
  site.start(handler);
  RawConnection client = site.connect();
  CHECK(client.request(kPing));
  CHECK_FALSE(client.is_ended(Millis{600}));
  CHECK(client.request(kPing));
  CHECK(client.is_ended());
}

TEST_CASE("http server: slow readers: hold no worker, and get everything in the end") {
  const std::string page(std::size_t{16} << 20, 'x');
  EchoHandler handler([&](const HttpRequest& request) {
    HttpResponse response = EchoHandler::echo(request);
    if (request.path == "/page") response.body = page;
    return response;
  });
  Site site(each_wire(), {}, {}, {{1, 10}, {1, 10}, {1, 10}, std::chrono::seconds{10}});
  site.start(handler);
  std::vector<RawConnection> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(site.connect());
    readers.back().send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    readers.back().send(kPing);
  }
  REQUIRE(wait_until([&] { return handler.calls() == 3; }));
  CHECK(echoed(site.connect().request(kPing))["path"] == "/ping");
  for (RawConnection& reader : readers) {
    const auto response = reader.receive();
    REQUIRE(response);
    CHECK(response->body.size() == page.size());
    CHECK(echoed(reader.receive())["path"] == "/ping");
  }
  CHECK(wait_until([&] { return site.loop.buffered_bytes().taken() == 0; }));
}

TEST_CASE("http server: overload: a full queue is answered at once, and the connection goes on") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    if (request.path == "/block") door.pass();
    return EchoHandler::echo(request);
  });
  Site site({}, {}, {{1, 1}, {1, 1}, {1, 1}, std::chrono::seconds{10}});
  const std::uint16_t port = site.start(handler);
  const std::string block = "GET /block HTTP/1.1\r\nHost: x\r\n\r\n";
  RawConnection running(port);
  running.send(block);
  REQUIRE(wait_until([&] { return door.waiting() == 1; }));
  RawConnection queued(port);
  queued.send(block);
  REQUIRE(wait_until([&] { return site.pool.load().waiting[0] == 1; }));
  RawConnection refused(port);
  for (int i = 0; i < 3; ++i) {
    const auto response = refused.request(kPing);
    REQUIRE(response);
    CHECK(response->status == 503);
    CHECK(response->field("Retry-After") == "1");
    CHECK(response->field("Connection") == "keep-alive");
  }
  CHECK(refused.request("GET /forward HTTP/1.1\r\nHost: x\r\n\r\n")->status == 200);
  door.open();
  CHECK(running.receive()->status == 200);
  CHECK(queued.receive()->status == 200);
  CHECK(refused.request(kPing)->status == 200);
}

TEST_CASE(
    "http server: memory: unfinished requests share one limit, small ones are admitted always") {
  EchoHandler handler;
  Site site({}, {.buffered_bytes_max = 100'000});
  const std::uint16_t port = site.start(handler);
  const std::string unfinished = post("/", std::string(60'000, 'x')).substr(0, 60'000);
  RawConnection first(port);
  first.send(unfinished);
  REQUIRE(wait_until([&] { return site.loop.buffered_bytes().taken() > 50'000; }));
  RawConnection second(port);
  const auto response = second.request(unfinished);
  REQUIRE(response);
  CHECK(response->status == 503);
  CHECK(RawConnection(port).request(post("/", "small"))->status == 200);
}

TEST_CASE("http server: large bodies: only so many workers wait for them, and more are refused") {
  EchoHandler handler;
  Site site(each_wire(), {.collected_body_bytes_max = 100}, {.body_workers_max = 2});
  site.start(handler);
  const std::string body(500, 'x');
  const std::string request = post("/", body);
  std::vector<RawConnection> slow;
  for (int i = 0; i < 2; ++i) {
    slow.push_back(site.connect());
    slow.back().send(std::string_view(request).substr(0, request.size() - 1));
  }
  REQUIRE(wait_until([&] { return site.loop.body_workers().taken() == 2; }));
  const auto refused =
      site.connect().request(std::string_view(request).substr(0, request.size() - 1));
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(site.connect().request(kPing)->status == 200);
  for (RawConnection& client : slow) CHECK(echoed(client.request("x"))["body"] == body);
}

TEST_CASE("http server: idle: five hundred connections hold no thread") {
  EchoHandler handler;
  Site site(each_wire());
  site.start(handler);
  std::vector<RawConnection> clients;
  for (int i = 0; i < 500; ++i) {
    clients.push_back(site.connect());
    REQUIRE(clients.back().request(kPing));
  }
  CHECK(site.server.connections() == 500);
  CHECK(thread_count() < 20);
  for (RawConnection& client : clients) CHECK(client.request(kPing)->status == 200);
}

TEST_CASE("http server: limits: connections over the maximum wait until others have closed") {
  EchoHandler handler;
  Site site({}, {.connections_max = 3});
  const std::uint16_t port = site.start(handler);
  std::vector<RawConnection> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(port);
    CHECK(clients.back().request(kPing));
  }
  RawConnection waiting(port);
  waiting.send(kPing);
  CHECK_FALSE(waiting.is_ended(Millis{100}));
  CHECK(site.server.connections() == 3);
  clients.clear();
  CHECK(waiting.receive());
}

TEST_CASE("http server: descriptors: without any left newcomers wait and the loop does not spin") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  RawConnection client(port);
  REQUIRE(client.request(kPing));
  FullDescriptorTable table;
  table.release_one();  // for the newcomer's own socket, so none is left for the server's end of it
  auto newcomer = RawConnection::try_connect(port);
  REQUIRE(newcomer);
  const double cpu_before = cpu_seconds();
  newcomer->send(kPing);
  CHECK_FALSE(newcomer->is_ended(Millis{400}));
  CHECK(cpu_seconds() - cpu_before < 0.2);
  CHECK(client.request(kPing));
  table.release_all();
  CHECK(newcomer->receive());
}

TEST_CASE("http server: stop: running requests finish, new ones are refused") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    if (request.path == "/block") door.pass();
    return EchoHandler::echo(request);
  });
  Site site(each_wire());
  const std::uint16_t port = site.start(handler);
  RawConnection parked = site.connect();
  REQUIRE(parked.request(kPing));
  RawConnection running = site.connect();
  running.send("GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(wait_until([&] { return door.waiting() == 1; }));

  auto stopped = std::async(std::launch::async, [&] { site.server.stop(site.in(kPatience)); });
  REQUIRE(wait_until([&] { return !RawConnection::try_connect(port); }));
  const auto refused = parked.request(kPing);
  REQUIRE(refused);
  CHECK(refused->status == 503);
  CHECK(refused->field("Connection") == "close");
  CHECK(stopped.wait_for(Millis{50}) == std::future_status::timeout);
  door.open();
  REQUIRE(running.receive());
  CHECK(running.is_ended());
  stopped.get();
  CHECK(handler.calls() == 2);
  CHECK(site.loop.connections().taken() == 0);
}

TEST_CASE(
    "http server: stop: past the deadline queued requests are dropped and the running awaited") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    door.pass();
    return EchoHandler::echo(request);
  });
  Site site(each_wire(), {}, {}, {{1, 10}, {1, 10}, {1, 10}, std::chrono::seconds{10}});
  site.start(handler);
  RawConnection running = site.connect();
  running.send(kPing);
  REQUIRE(wait_until([&] { return door.waiting() == 1; }));
  RawConnection queued = site.connect();
  queued.send(kPing);
  REQUIRE(wait_until([&] { return site.pool.load().waiting[0] == 1; }));
  auto stopped = std::async(std::launch::async, [&] { site.server.stop(site.in(Millis{20})); });
  CHECK_FALSE(running.receive());  // cut at the deadline, while its handler is still at work
  CHECK(stopped.wait_for(Millis{20}) == std::future_status::timeout);
  door.open();
  stopped.get();
  CHECK(handler.calls() == 1);
  CHECK(queued.is_ended());
  site.server.stop(site.in(Millis{0}));
}

TEST_CASE(
    "http server: stop: does not wait for those who send or read slowly beyond the deadline") {
  EchoHandler handler([](const HttpRequest& request) {
    HttpResponse response = EchoHandler::echo(request);
    if (request.path == "/page") response.body.assign(std::size_t{16} << 20, 'x');
    return response;
  });
  Site site(each_wire(), {.collected_body_bytes_max = 100});
  site.start(handler);
  RawConnection reader = site.connect();
  reader.send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
  RawConnection sender = site.connect();
  sender.send(post("/", std::string(200, 'x')).substr(0, 200));
  RawConnection slow = site.connect();
  slow.send("GET /");
  REQUIRE(
      wait_until([&] { return handler.calls() == 1 && site.loop.body_workers().taken() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  site.server.stop(site.in(Millis{50}));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{3});
  CHECK(handler.calls() == 1);
  CHECK(site.loop.connections().taken() == 0);
  CHECK(site.loop.buffered_bytes().taken() == 0);
}

TEST_CASE("http server: sharing: servers of one loop are apart, and one may stop alone") {
  const auto name = [](std::string text) {
    return [text](const HttpRequest&) {
      HttpResponse response;
      response.body = text;
      return response;
    };
  };
  EchoHandler first_handler(name("first"));
  EchoHandler second_handler(name("second"));
  Site site;
  HttpServer second(site.loop, site.pool);
  const std::uint16_t first_port = site.start(first_handler);
  REQUIRE(second.start({.host = "127.0.0.1"}, second_handler));
  RawConnection first_client(first_port);
  RawConnection second_client(second.port());
  CHECK(first_client.request(kPing)->body == "first");
  CHECK(second_client.request(kPing)->body == "second");
  site.server.stop(site.in(Millis{0}));
  CHECK(first_client.is_ended());
  CHECK(second_client.request(kPing)->body == "second");
  CHECK(site.start(first_handler, {.host = "127.0.0.1", .port = first_port}) == first_port);
  CHECK(RawConnection(first_port).request(kPing)->body == "first");
}

TEST_CASE("http server: start: a port that is taken is an error that names it") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler);
  HttpServer other(site.loop, site.pool);
  for (const char* host : {"127.0.0.1", "::", "localhost"}) {
    INFO(host);
    const auto started = other.start({.host = host, .port = port}, handler);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == Errc::io);
    CHECK(started.error().message.find(std::to_string(port)) != std::string::npos);
    CHECK(other.port() == 0);
  }
  CHECK_FALSE(other.start({.host = "not.an.address.invalid"}, handler));
}

TEST_CASE("http server: addresses: `::` takes both families and tells them apart") {
  EchoHandler handler;
  Site site;
  const std::uint16_t port = site.start(handler, {});
  CHECK(echoed(RawConnection(port).request(kPing))["ip"] == "127.0.0.1");
  if (auto v6 = RawConnection::try_connect(port, /*is_ipv6=*/true)) {
    CHECK(IpAddress::parse(echoed(v6->request(kPing))["ip"].get<std::string>())->is_loopback());
  }
}

TEST_CASE("http server: addresses: `localhost` takes both loopback addresses, on one port") {
  EchoHandler handler;
  Site site;
  for (std::uint16_t port : {std::uint16_t{0}, free_port()}) {
    const std::uint16_t bound = site.start(handler, {.host = "localhost", .port = port});
    CHECK((port == 0 || bound == port));
    CHECK(echoed(RawConnection(bound).request(kPing))["ip"] == "127.0.0.1");
    if (has_ipv6_loopback()) {
      RawConnection v6(bound, /*is_ipv6=*/true);
      const auto ip = IpAddress::parse(echoed(v6.request(kPing))["ip"].get<std::string>());
      CHECK(ip->is_loopback());
    }
    site.server.stop(site.in(Millis{0}));
    CHECK_FALSE(RawConnection::try_connect(bound));
    CHECK_FALSE(RawConnection::try_connect(bound, /*is_ipv6=*/true));
  }
}

TEST_CASE("http server: addresses: `localhost` is refused when either of its ports is taken") {
  EchoHandler handler;
  Site site;
  for (const char* taken : {"127.0.0.1", "::1"}) {
    if (std::string_view(taken) == "::1" && !has_ipv6_loopback()) continue;
    INFO(taken);
    const std::uint16_t port = site.start(handler, {.host = taken});
    HttpServer other(site.loop, site.pool);
    const auto started = other.start({.host = "localhost", .port = port}, handler);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == Errc::io);
    CHECK(started.error().message.find(std::to_string(port)) != std::string::npos);
    site.server.stop(site.in(Millis{0}));
    CHECK(other.start({.host = "localhost", .port = port}, handler));
  }
}

TEST_CASE("http server: compression: a text travels small, as the client likes it") {
  const std::string text = R"({"list":")" + std::string(50'000, 'x') + R"("})";
  EchoHandler handler([&](const HttpRequest& request) {
    HttpResponse response;
    response.body = request.path == "/small" ? "{}" : text;
    return response;
  });
  Site site(each_wire());
  site.start(handler);
  RawConnection client = site.connect();
  struct Row {
    const char* path;
    const char* accepted;
    const char* coding;
  };
  for (const Row& row : {Row{"/", "gzip,deflate", "gzip"}, Row{"/", "gzip, deflate, br", "br"},
                         Row{"/", "deflate", "deflate"}, Row{"/", "", ""}, Row{"/", "gzip;q=0", ""},
                         Row{"/small", "gzip", ""}}) {
    INFO(row.path, " ", row.accepted);
    const std::string fields = fmt::format("Host: x\r\nAccept-Encoding: {}\r\n\r\n", row.accepted);
    const auto response = client.request(fmt::format("GET {} HTTP/1.1\r\n{}", row.path, fields));
    REQUIRE(response);
    CHECK(response->field("Content-Encoding") == row.coding);
    CHECK(response->field("Vary") == "Accept-Encoding");
    if (*row.coding != '\0') CHECK(response->body.size() < 1'000);
    const auto plain = detail::undo_content_coding(response->body, row.coding, text.size());
    REQUIRE(plain);
    CHECK(*plain == (std::string_view(row.path) == "/small" ? "{}" : text));
    client.send(fmt::format("HEAD {} HTTP/1.1\r\n{}", row.path, fields));
    const auto head = client.receive(/*is_head=*/true);
    REQUIRE(head);
    for (const char* name : {"Content-Encoding", "Content-Length", "Content-Type", "Vary"}) {
      CHECK(head->field(name) == response->field(name));
    }
  }
}

TEST_CASE("http server: compression: level 0 sends everything as it is") {
  EchoHandler handler([](const HttpRequest&) {
    HttpResponse response;
    response.body.assign(5'000, 'x');
    return response;
  });
  Site site;
  site.start(handler, {.host = "127.0.0.1", .compression_level = 0});
  const auto response =
      site.connect().request("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  REQUIRE(response);
  CHECK(response->body.size() == 5'000);
  CHECK(response->field("Content-Encoding").empty());
  CHECK(response->field("Vary").empty());
}

TEST_CASE("http server: handlers: an exception costs its own request only") {
  EchoHandler handler([](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/throw") throw std::runtime_error("secret");
    return EchoHandler::echo(request);
  });
  Site site(each_wire());
  site.start(handler);
  RawConnection client = site.connect();
  const auto response = client.request("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 500);
  CHECK(response->body.find("secret") == std::string::npos);
  CHECK(client.request(kPing)->status == 200);
}

TEST_CASE("http server: load: many connections at once get each their own answers") {
  EchoHandler handler;
  Site site(each_wire());
  site.start(handler);
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int c = 0; c < 5; ++c) {
          RawConnection client = site.connect();
          for (int i = 0; i < 40; ++i) {
            const std::string body = fmt::format("{}-{}-{}", t, c, i);
            const char* path = i % 3 == 0 ? "/client" : i % 3 == 1 ? "/forward" : "/leaf";
            const auto response = client.request(post(path, body));
            right += response && (*parse_json(response->body))["body"] == body;
          }
        }
      });
    }
  }
  CHECK(right == 8 * 5 * 40);
}

}  // namespace spreadable
