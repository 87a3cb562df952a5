// Nodes whose ip says nothing about who they are, on real HTTP.
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include "services/spreadable.h"
#include "tests/support/free_port.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

/// Options of a node at a host of its own.
NodeOptions options_of(const char* hostname, std::uint16_t port) {
  NodeOptions options;
  options.port = port;
  options.hostname = hostname;
  options.storage.path = Runtime::kNoStorage;
  options.network.sync_interval = 500ms;
  options.logger.level = LogLevel::error;
  return options;
}

}  // namespace

TEST_CASE("identity: dual stack: nodes that are reached by IPv4 and by IPv6 form one network") {
  // Who calls an IPv4 address does so from an IPv4 address, which is not the one it is reached by.
  constexpr std::size_t kNodes = 4;
  const std::uint16_t base = free_ports(kNodes);
  Runtime runtime;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<Node>> nodes;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const char* hostname = i % 2 == 0 ? "127.0.0.1" : "::1";
    NodeOptions options = options_of(hostname, static_cast<std::uint16_t>(base + i));
    if (i > 0) options.initial_network_address = {*Address::from_parts("127.0.0.1", base)};
    nodes.push_back(std::make_unique<Node>(options, runtime.environment(options)));
    nodes.back()->on(Event::sync_finished, [&](const EventInfo&) { changed.notify_all(); });
  }
  for (const auto& node : nodes) REQUIRE(node->start());
  const auto agrees = [&] {
    return std::all_of(nodes.begin(), nodes.end(), [&](const auto& node) {
      const auto view = node->peers().view();
      return view->is_registered() && view->network_size() == kNodes;
    });
  };
  std::unique_lock lock(mutex);
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!agrees() && changed.wait_until(lock, end) != std::cv_status::timeout) {
  }
  CHECK(agrees());
  for (const auto& node : nodes) node->stop(1s);
}

}  // namespace spreadable
