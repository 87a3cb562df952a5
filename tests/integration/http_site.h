// tests/integration/http_site.h: a running HttpServer and those who call it.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "core/json.h"
#include "services/http/http_server.h"
#include "services/system/system_clock.h"
#include "tests/support/certificates.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_dir.h"

namespace spreadable {

inline constexpr std::string_view kPing = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";
inline constexpr Millis kPatience = RawConnection::kPatience;

/// What lies between a server and its clients.
enum class Wire { plain, tls };

/// Makes the test case run twice, since what holds for one wire holds for the other.
inline Wire each_wire() {
  Wire wire = Wire::plain;
  SUBCASE("bare") {
    wire = Wire::plain;
  }
  SUBCASE("over TLS") {
    wire = Wire::tls;
  }
  return wire;
}

/// Answers with the request as JSON, unless the test says otherwise. `/forward…` and `/client…` are
/// of those classes, everything else is leaf.
class EchoHandler final : public RequestHandler {
 public:
  using Answer = std::function<HttpResponse(const HttpRequest&)>;
  explicit EchoHandler(Answer answer = echo) : answer_(std::move(answer)) {}

  [[nodiscard]] WorkClass work_class(Method, std::string_view path) const override {
    if (path.starts_with("/forward")) return WorkClass::forward;
    return path.starts_with("/client") ? WorkClass::client : WorkClass::leaf;
  }
  [[nodiscard]] HttpResponse handle(HttpRequest request) override {
    ++calls_;
    return answer_(request);
  }
  [[nodiscard]] int calls() const { return calls_; }

  static HttpResponse echo(const HttpRequest& request) {
    Json headers = Json::object();
    for (const auto& [name, value] : request.headers) headers[name] = value;
    HttpResponse response;
    response.body = dump_json({{"method", static_cast<int>(request.method)},
                               {"path", request.path},
                               {"query", request.query},
                               {"headers", headers},
                               {"body", request.body},
                               {"ip", request.remote_ip.text()}});
    return response;
  }

 private:
  const Answer answer_;
  std::atomic<int> calls_{0};
};

/// A certificate for `localhost`, and whom to believe about it.
struct TlsIdentity {
  TempDir folder;
  TestAuthority authority{folder.path()};
  Server::Tls files = authority.issue();
};

/// A running server and what it needs.
struct Site {
  explicit Site(HttpServer::Options options = {}, EventLoop::Options loop_options = {},
                WorkerPool::Options pool_options = {})
      : Site(Wire::plain, std::move(options), loop_options, pool_options) {}
  explicit Site(Wire wire, HttpServer::Options options = {}, EventLoop::Options loop_options = {},
                WorkerPool::Options pool_options = {})
      : loop(clock, loop_options), pool(pool_options), server(loop, pool, std::move(options)) {
    if (wire == Wire::tls) identity.emplace();
  }

  std::uint16_t start(RequestHandler& handler, Server::Listen listen = {.host = "127.0.0.1"}) {
    if (identity) listen.tls = identity->files;
    REQUIRE(server.start(listen, handler));
    REQUIRE(server.port() != 0);
    return server.port();
  }
  /// A new connection, over TLS when the server speaks it.
  [[nodiscard]] RawConnection connect() const {
    if (!identity) return RawConnection(server.port());
    RawConnection connection(server.port(), {.authority = identity->authority.certificate()});
    REQUIRE(connection.tls()->state() == TlsClient::State::open);
    return connection;
  }
  [[nodiscard]] Deadline in(Millis span) const { return Deadline::after(clock, span); }

  std::optional<TlsIdentity> identity;
  SystemClock clock;
  EventLoop loop;
  WorkerPool pool;
  HttpServer server;
};

/// A door in a handler.
class Door {
 public:
  ~Door() { open(); }
  void pass() {
    ++waiting_;
    opened_.wait();
  }
  void open() {
    if (!is_open_.exchange(true)) promise_.set_value();
  }
  [[nodiscard]] int waiting() const { return waiting_; }

 private:
  std::promise<void> promise_;
  std::shared_future<void> opened_ = promise_.get_future().share();
  std::atomic<bool> is_open_{false};
  std::atomic<int> waiting_{0};
};

inline bool wait_until(const std::function<bool()>& holds, Millis patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(Millis{1});
  }
  return true;
}

inline std::string post(std::string_view path, std::string_view body,
                        std::string_view fields = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{}\r\n{}", path,
                     body.size(), fields, body);
}

inline Json echoed(const std::optional<RawResponse>& response) {
  REQUIRE(response);
  REQUIRE(response->status == 200);
  return *parse_json(response->body);
}

}  // namespace spreadable
