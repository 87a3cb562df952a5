// Requests to a whole node, one after the other, as they come over a connection.
#include "services/http/detail/content_coding.h"
#include "services/http/detail/request_collector.h"
#include "tests/fuzz/checked_node.h"

namespace spreadable {
namespace {

using detail::RequestCollector;

constexpr std::size_t kBodyBytesMax = 64 << 10;

void ask(LocalNetwork& network, HttpRequest request) {
  const auto coding = request.headers.find("content-encoding");
  Result<std::string> body =
      detail::undo_content_coding(std::move(request.body), coding ? *coding : "", kBodyBytesMax);
  if (!body) return;
  request.body = std::move(*body);
  request.remote_ip = IpAddress::loopback();
  fuzz::check_answer(network.respond(LocalNetwork::address(0), std::move(request)));
  fuzz::check_view(network.node(0));
}

}  // namespace

void fuzz::run(std::string_view input) {
  RequestCollector collector({.body_bytes_max = kBodyBytesMax});
  if (!input.empty()) collector.feed(input);
  if (collector.state() != RequestCollector::State::complete) return;
  LocalNetwork network(real_nodes());
  network.start(1);
  while (collector.state() == RequestCollector::State::complete) ask(network, collector.take());
  network.run_for(network.interval());
  check_view(network.node(0));
  SPREADABLE_ASSERT(network.logger().count(LogLevel::error) == 0);
}

}  // namespace spreadable
