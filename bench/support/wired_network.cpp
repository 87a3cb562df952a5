#include "bench/support/wired_network.h"

#include <stdexcept>

#include "bench/support/actions.h"
#include "core/assert.h"
#include "core/wire.h"
#include "services/http/detail/request_collector.h"
#include "services/http/detail/response_text.h"

namespace spreadable::bench {
namespace {

constexpr int kSettleIntervals = 50;
constexpr std::string_view kNodeRoutes = "/api/";
constexpr std::size_t kBodyBytesMax = 500 << 10;

std::string text_of(const HttpRequest& request) {
  std::string text = request.method == Method::get ? "GET " : "POST ";
  text += request.path;
  text += " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : request.headers) {
    text += name;
    text += ": ";
    text += value;
    text += "\r\n";
  }
  text += "Content-Length: ";
  text += std::to_string(request.body.size());
  text += "\r\n\r\n";
  text += request.body;
  return text;
}

}  // namespace

/// What stands between two nodes: everything that the server does with bytes.
class WiredNetwork::Wire final : public RequestHandler {
 public:
  explicit Wire(Node& node) : node_(node) {}

  WorkClass work_class(Method method, std::string_view path) const override {
    return node_.router().work_class(method, path);
  }
  HttpResponse handle(HttpRequest request) override {
    HttpResponse response = answer(request);
    last_text_ = detail::response_text(response, {.method = request.method});
    return response;
  }
  [[nodiscard]] const std::string& last_text() const { return last_text_; }

 private:
  /// Nodes ask in frames, each with a whole request; clients have a connection.
  HttpResponse answer(const HttpRequest& request) {
    if (!request.path.starts_with(kNodeRoutes)) return answer(request, collector_);
    detail::RequestCollector frame({.body_bytes_max = kBodyBytesMax}, &heads_);
    return answer(request, frame);
  }
  HttpResponse answer(const HttpRequest& request, detail::RequestCollector& collector) {
    const auto state = collector.feed(text_of(request));
    SPREADABLE_ASSERT(state == detail::RequestCollector::State::complete);
    (void)work_class(collector.head().method, collector.head().path);
    HttpRequest read = collector.take();
    read.remote_ip = request.remote_ip;
    return node_.router().handle(std::move(read));
  }

  Node& node_;
  detail::RequestCollector collector_{{.body_bytes_max = kBodyBytesMax}};
  detail::HeadMemory heads_;
  std::string last_text_;
};

WiredNetwork::WiredNetwork(std::size_t nodes) : network_({.prepare = add_actions}) {
  network_.start(nodes);
  const auto is_settled = [&] { return network_.agrees_on(nodes); };
  if (!network_.run_until(is_settled, kSettleIntervals * network_.interval())) {
    throw std::runtime_error("the network does not settle");
  }
  network_.run_for(kSettleIntervals * network_.interval());
  for (std::size_t i = 0; i < nodes; ++i) {
    wires_.push_back(std::make_unique<Wire>(network_.node(i)));
    network_.serve(LocalNetwork::address(i), *wires_.back());
  }
}

WiredNetwork::~WiredNetwork() = default;

std::string WiredNetwork::send(const HttpRequest& request) {
  const HttpResponse response = wires_.front()->handle(request);
  if (response.status != 200) throw std::runtime_error("refused: " + response.body);
  return wires_.front()->last_text();
}

std::string WiredNetwork::ask(Method method, std::string path, std::string body) {
  return send({.method = method,
               .path = std::move(path),
               .query = {},
               .headers = {{"content-type", "application/json"}},
               .body = std::move(body),
               .remote_ip = IpAddress::loopback()});
}

std::string WiredNetwork::ask_slave() {
  HttpRequest request{.method = Method::post,
                      .path = std::string(wire::kSlaveRoute) + std::string(kCountAction),
                      .query = {},
                      .headers = {{"content-type", "application/json"},
                                  {wire::kOriginalAddress, node(1).address().text()},
                                  {wire::kNodeVersion, wire::kVersion},
                                  {wire::kNodeRoot, node(0).root()},
                                  {wire::kFeatures, wire::kOwnFeatures}},
                      .body = R"({"level":0,"timeout":1500,"timestamp":1700000000000})",
                      .remote_ip = IpAddress::loopback()};
  return send(request);
}

}  // namespace spreadable::bench
