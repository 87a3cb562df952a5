// Our server and our client against an implementation of HTTP that is not ours: cpp-httplib.
#include <doctest/doctest.h>
#include <httplib.h>

#include <thread>

#include "core/json.h"
#include "services/http/http_server.h"
#include "services/net/curl_transport.h"
#include "services/net/system_resolver.h"
#include "services/system/system_clock.h"

namespace spreadable {
namespace {

/// Tells what of a request reached the handler.
class EchoHandler final : public RequestHandler {
 public:
  WorkClass work_class(Method, std::string_view) const override { return WorkClass::leaf; }
  HttpResponse handle(HttpRequest request) override {
    const auto root = request.headers.find("node-root");
    HttpResponse response;
    response.body = dump_json({{"path", request.path},
                               {"query", request.query},
                               {"body", request.body},
                               {"root", root ? Json(*root) : Json()}});
    return response;
  }
};

}  // namespace

TEST_CASE("interoperability: server: cpp-httplib's client is answered, kept and compressed alike") {
  SystemClock clock;
  EventLoop loop(clock);
  WorkerPool pool;
  EchoHandler handler;
  HttpServer server(loop, pool);
  REQUIRE(server.start({.host = "127.0.0.1"}, handler));
  httplib::Client client("127.0.0.1", server.port());
  client.set_keep_alive(true);
  for (int i = 0; i < 20; ++i) {
    const auto got = client.Get("/a%20b?x=1&y=%2F");
    REQUIRE(got);
    CHECK(got->status == 200);
    const Json seen = Json::parse(got->body);
    CHECK(seen["path"] == "/a%20b");
    CHECK(seen["query"] == "x=1&y=%2F");
  }
  CHECK(server.connections() == 1);
  const std::string text(100'000, 'x');
  client.set_compress(true);
  const auto posted = client.Post("/echo", {{"node-root", "a:1"}}, text, "text/plain");
  REQUIRE(posted);
  CHECK(Json::parse(posted->body)["body"] == text);
  CHECK(Json::parse(posted->body)["root"] == "a:1");
  const auto head = client.Head("/echo");
  REQUIRE(head);
  CHECK(head->body.empty());
  CHECK(std::stoul(head->get_header_value("Content-Length")) > 0);
  const auto options = client.Options("/echo");
  REQUIRE(options);
  CHECK(options->status == 200);
  server.stop(Deadline::after(clock, std::chrono::seconds{1}));
}

TEST_CASE(
    "interoperability: transport: cpp-httplib's server is asked, kept and decompressed alike") {
  httplib::Server server;
  server.Post("/echo", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(request.body + "|" + request.get_header_value("original-address"),
                         "application/json");
  });
  server.Get("/large", [](const httplib::Request&, httplib::Response& response) {
    response.set_content(std::string(200'000, 'y'), "text/plain");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  REQUIRE(port > 0);
  std::jthread serving([&] { server.listen_after_bind(); });
  SystemClock clock;
  SystemResolver resolver(clock);
  CurlTransport transport(clock, resolver);
  const Address peer = *Address::from_parts("127.0.0.1", static_cast<std::uint16_t>(port));
  for (int i = 0; i < 12; ++i) {  // more than the five that this server answers on a connection
    const TransportRequest requests[] = {
        {.to = peer, .path = "/echo", .headers = {{"original-address", "b:2"}}, .body = "hello"},
        {.to = peer, .method = Method::get, .path = "/large"}};
    const auto replies =
        transport.request_group(requests, Deadline::after(clock, std::chrono::seconds{5}));
    REQUIRE(replies[0]);
    CHECK(replies[0]->body == "hello|b:2");
    REQUIRE(replies[1]);
    CHECK(replies[1]->body == std::string(200'000, 'y'));
  }
  server.stop();
}

}  // namespace spreadable
