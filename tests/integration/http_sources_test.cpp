// What one source may take of a server. Loopback has many addresses; here each is a stranger.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "tests/integration/http_site.h"

namespace spreadable {
namespace {

HttpServer::Options strangers(SourceLimits limits) {
  limits.includes_local = true;
  return {.keep_alive_announced = std::chrono::seconds{5}, .sources = std::move(limits)};
}

/// A connection from one of the loopback addresses to 127.0.0.1.
class Caller {
 public:
  Caller(std::uint16_t port, const char* ip) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    REQUIRE(fd_ >= 0);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    REQUIRE(inet_pton(AF_INET, ip, &from.sin_addr) == 1);
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) == 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
  }
  ~Caller() {
    if (fd_ >= 0) close(fd_);
  }
  Caller(Caller&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), input_(std::move(other.input_)) {}
  Caller& operator=(Caller&&) = delete;

  void send(std::string_view bytes) const {
    (void)::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  /// The next response as far as its body; empty when the connection ends, or patience.
  [[nodiscard]] std::string receive(Millis patience = kPatience) {
    std::size_t end = 0;
    while ((end = input_.find('}')) == std::string::npos) {
      if (!read_more(patience)) return {};
    }
    std::string response = input_.substr(0, end + 1);
    input_.erase(0, end + 1);
    return response;
  }
  /// The status of an answer to `request`, 0 for none.
  [[nodiscard]] int ask(std::string_view request = kPing) {
    send(request);
    const std::string response = receive();
    return response.empty() ? 0 : std::stoi(response.substr(9, 3));
  }

 private:
  bool read_more(Millis patience) {
    pollfd entry{fd_, POLLIN, 0};
    if (poll(&entry, 1, static_cast<int>(patience.count())) != 1) return false;
    std::array<char, 4'096> buffer;
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count > 0) input_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  int fd_;
  std::string input_;
};

/// Waits until no worker has a connection any more.
void settle(Site& site) {
  REQUIRE(wait_until([&] { return site.pool.load().running == std::array<std::size_t, 3>{}; }));
  site.loop.run([] {});
}

HttpResponse brief(const HttpRequest&) {
  HttpResponse response;
  response.body = "{}";
  return response;
}

/// So many connections from `ip`, each served once.
std::vector<Caller> crowd(std::uint16_t port, const char* ip, std::size_t count) {
  std::vector<Caller> callers;
  for (std::size_t i = 0; i < count; ++i) {
    callers.emplace_back(port, ip);
    CHECK(callers.back().ask() == 200);
  }
  return callers;
}

std::string client_request(std::string_view fields = "") {
  return fmt::format("GET /client HTTP/1.1\r\nHost: x\r\n{}\r\n", fields);
}

}  // namespace

TEST_CASE("http sources: machine: over its limit the newest is closed, and others get in") {
  EchoHandler handler(brief);
  Site site(strangers({.connections_per_machine = 3}));
  const std::uint16_t port = site.start(handler);
  auto callers = crowd(port, "127.0.1.1", 3);
  CHECK(Caller(port, "127.0.1.1").ask() == 0);
  CHECK(Caller(port, "127.0.1.2").ask() == 200);
  for (Caller& caller : callers) CHECK(caller.ask() == 200);
  callers.pop_back();
  CHECK(wait_until([&] { return Caller(port, "127.0.1.1").ask() == 200; }));
}

TEST_CASE("http sources: neighbourhood: over its limit the newest is closed, and others get in") {
  EchoHandler handler(brief);
  Site site(strangers({.connections_per_group = 4}));
  const std::uint16_t port = site.start(handler);
  const auto some = crowd(port, "127.0.1.1", 2);
  const auto more = crowd(port, "127.0.1.2", 2);
  CHECK(Caller(port, "127.0.1.3").ask() == 0);
  CHECK(Caller(port, "127.0.2.3").ask() == 200);
}

TEST_CASE("http sources: limits: the longest idle connection of the same source makes room") {
  EchoHandler handler(brief);
  auto options = strangers({.connections_per_machine = 3});
  options.keep_alive_announced = std::chrono::seconds{0};
  Site site(std::move(options));
  const std::uint16_t port = site.start(handler);
  auto callers = crowd(port, "127.0.1.1", 3);
  CHECK(callers.front().ask() == 200);  // so that the second is idle for longest
  settle(site);
  auto newcomer = crowd(port, "127.0.1.1", 1);
  CHECK(callers[1].ask() == 0);
  CHECK(callers[0].ask() == 200);
  CHECK(callers[2].ask() == 200);
}

TEST_CASE(
    "http sources: limits: local, trusted and other callers without one have what they like") {
  EchoHandler handler(brief);
  SourceLimits limits{.connections_per_machine = 2, .connections_per_group = 2};
  SUBCASE("by default this machine is not limited") {
    Site site({.sources = limits});
    (void)crowd(site.start(handler), "127.0.1.1", 20);
  }
  SUBCASE("trusted") {
    limits.exempt = {*IpAddress::parse("127.0.1.1")};
    Site site(strangers(limits));
    (void)crowd(site.start(handler), "127.0.1.1", 20);
  }
  SUBCASE("proxies") {
    limits.proxies = {*IpAddress::parse("127.0.1.1")};
    Site site(strangers(limits));
    (void)crowd(site.start(handler), "127.0.1.1", 20);
  }
  SUBCASE("no limit") {
    Site site(strangers({.connections_per_machine = 0, .connections_per_group = 0}));
    (void)crowd(site.start(handler), "127.0.1.1", 300);
  }
}

TEST_CASE("http sources: full table: the newest of the largest neighbourhood goes first") {
  EchoHandler handler(brief);
  Site site(strangers({}), {.connections_max = 6});
  const std::uint16_t port = site.start(handler);
  auto large = crowd(port, "127.0.1.1", 4);
  auto small = crowd(port, "127.0.2.1", 2);
  settle(site);
  auto newcomer = crowd(port, "127.0.3.1", 1);
  CHECK(large[3].ask() == 0);
  CHECK(Caller(port, "127.0.1.9").ask() == 0);  // would only make the largest larger again
  CHECK(Caller(port, "127.0.2.9").ask() == 0);  // three and two would be two and three
  for (std::size_t i = 0; i < 3; ++i) CHECK(large[i].ask() == 200);
  for (Caller& caller : small) CHECK(caller.ask() == 200);
  CHECK(newcomer[0].ask() == 200);
  CHECK(site.server.connections() == 6);
}

TEST_CASE("http sources: full table: those without limits lose nothing, and take from crowds") {
  EchoHandler handler(brief);
  SourceLimits limits;
  limits.exempt = {*IpAddress::parse("127.0.9.1")};
  Site site(strangers(limits), {.connections_max = 4});
  const std::uint16_t port = site.start(handler);
  auto trusted = crowd(port, "127.0.9.1", 2);
  auto strange = crowd(port, "127.0.1.1", 2);
  settle(site);
  CHECK(crowd(port, "127.0.9.1", 1).front().ask() == 200);
  CHECK(strange[1].ask() == 0);
  for (Caller& caller : trusted) CHECK(caller.ask() == 200);
  CHECK(strange[0].ask() == 200);
}

TEST_CASE("http sources: full table: with one each a newcomer waits until somebody leaves") {
  EchoHandler handler(brief);
  Site site(strangers({}), {.connections_max = 2});
  const std::uint16_t port = site.start(handler);
  auto first = crowd(port, "127.0.1.1", 1);
  const auto second = crowd(port, "127.0.2.1", 1);
  Caller newcomer(port, "127.0.3.1");
  newcomer.send(kPing);
  CHECK(newcomer.receive(Millis{150}).empty());
  first.clear();
  CHECK(newcomer.receive().starts_with("HTTP/1.1 200"));
}

TEST_CASE("http sources: descriptors: without any left a crowd makes room for a newcomer") {
  EchoHandler handler(brief);
  Site site(strangers({}));
  const std::uint16_t port = site.start(handler);
  auto large = crowd(port, "127.0.1.1", 5);
  settle(site);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit small{256, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &small);
  std::vector<int> taken;
  for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
  REQUIRE_FALSE(taken.empty());
  close(taken.back());  // for the newcomer's own end
  taken.pop_back();
  Caller newcomer(port, "127.0.2.1");
  CHECK(newcomer.ask() == 200);
  for (const int fd : taken) close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(large[4].ask() == 0);
  for (std::size_t i = 0; i < 4; ++i) CHECK(large[i].ask() == 200);
}

TEST_CASE("http sources: client requests: ten seconds' worth at once, then 429, for clients only") {
  EchoHandler handler(brief);
  Site site(strangers({.client_requests_per_second = 1}));
  const std::uint16_t port = site.start(handler);
  Caller caller(port, "127.0.1.1");
  const auto begin = std::chrono::steady_clock::now();
  std::string all;
  for (int i = 0; i < 40; ++i) all += client_request();
  caller.send(all);
  int served = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string response = caller.receive();
    const bool is_served = response.starts_with("HTTP/1.1 200");
    served += is_served ? 1 : 0;
    if (is_served) continue;
    CHECK(response.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
    CHECK(response.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  }
  const auto seconds = std::chrono::steady_clock::now() - begin;
  CHECK(served >= 10);
  CHECK(served <= 11 + std::chrono::duration_cast<std::chrono::seconds>(seconds).count());
  CHECK(caller.ask() == 200);  // pages and peers are not clients
  CHECK(Caller(port, "127.0.2.1").ask(client_request()) == 200);
  CHECK(handler.calls() == served + 2);
}

TEST_CASE("http sources: client requests: through a proxy they count for the client it names") {
  EchoHandler handler(brief);
  Site site(
      {.sources = {.client_requests_per_second = 1, .proxies = {*IpAddress::parse("127.0.0.1")}}});
  const std::uint16_t port = site.start(handler);
  Caller proxy(port, "127.0.0.1");
  const auto is_used_up = [&](std::string_view field) {
    for (int i = 0; i < 100; ++i) {
      if (proxy.ask(client_request(fmt::format(fmt::runtime(field), i))) == 429) return true;
    }
    return false;
  };
  CHECK(is_used_up("X-Forwarded-For: 9.9.9.9\r\n"));
  CHECK(is_used_up("X-Forwarded-For: 8.8.8.8\r\n"));
  // Whoever adds hops of his own is no better off than those who do the same.
  CHECK(is_used_up("X-Forwarded-For: 7.7.{}.7, 6.6.6.6\r\n"));
  CHECK(is_used_up("X-Forwarded-For: 5.5.{}.5\r\nX-Forwarded-For: 6.6.6.6\r\n"));
  CHECK_FALSE(is_used_up(""));
}

TEST_CASE("http sources: queue: in a full one the crowd gives way, and is told with 503") {
  Door door;
  EchoHandler handler([&](const HttpRequest& request) {
    if (request.path == "/block") door.pass();
    return brief(request);
  });
  Site site({}, {}, {{1, 3}, {1, 1}, {1, 1}, std::chrono::seconds{10}});
  const std::uint16_t port = site.start(handler);
  const std::string block = "GET /block HTTP/1.1\r\nHost: x\r\n\r\n";
  Caller running(port, "127.0.1.1");
  running.send(block);
  REQUIRE(wait_until([&] { return door.waiting() == 1; }));
  std::vector<Caller> many;
  for (std::size_t i = 0; i < 3; ++i) {
    many.emplace_back(port, "127.0.1.1");
    many.back().send(kPing);
    REQUIRE(wait_until([&] { return site.pool.load().waiting[0] == i + 1; }));
  }
  Caller alone(port, "127.0.2.2");
  alone.send(kPing);
  const std::string refused = many[2].receive();
  CHECK(refused.starts_with("HTTP/1.1 503"));
  CHECK(refused.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  door.open();
  CHECK(alone.receive().starts_with("HTTP/1.1 200"));
  CHECK(many[0].receive().starts_with("HTTP/1.1 200"));
  CHECK(many[1].receive().starts_with("HTTP/1.1 200"));
  CHECK(many[2].ask() == 200);  // its connection goes on
}

TEST_CASE("http sources: queue: unfinished requests hold neither a worker nor a place") {
  EchoHandler handler(brief);
  Site site({}, {}, {{1, 1}, {1, 1}, {1, 1}, std::chrono::seconds{10}});
  const std::uint16_t port = site.start(handler);
  const std::string request = post("/", std::string(1'000, 'x'));
  std::vector<Caller> slow;
  for (int i = 0; i < 100; ++i) {
    slow.emplace_back(port, "127.0.1.1");
    slow.back().send(std::string_view(request).substr(0, request.size() - 1));
  }
  REQUIRE(wait_until([&] { return site.server.connections() == 100; }));
  CHECK(Caller(port, "127.0.2.2").ask() == 200);
  const auto load = site.pool.load();
  CHECK(load.waiting == std::array<std::size_t, 3>{});
  CHECK(handler.calls() == 1);
  for (Caller& caller : slow) CHECK(caller.ask("x") == 200);
}

}  // namespace spreadable
