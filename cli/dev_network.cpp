#include "cli/dev_network.h"

#include <algorithm>
#include <thread>

#include "cli/kinds.h"

namespace spreadable::cli {
namespace {

/// Nodes that are stopped at the same time: each mostly waits for its peers to hear its goodbye.
constexpr std::size_t kStoppersMax = 16;
/// Nothing is lost with a request that is cut off here.
constexpr Duration kStopGrace = std::chrono::milliseconds{200};

constexpr Event kWatched[] = {Event::registered,    Event::unregistered,  Event::slave_added,
                              Event::slave_removed, Event::became_master, Event::ceased_master,
                              Event::size_changed};

std::vector<std::uint16_t> ports_of(const std::vector<Address>& addresses) {
  std::vector<std::uint16_t> ports;
  for (const Address& address : addresses) ports.push_back(address.port());
  std::sort(ports.begin(), ports.end());
  return ports;
}

}  // namespace

DevNetwork::DevNetwork(const Options& options, const std::shared_ptr<Logger>& logger) {
  for (std::size_t i = 0; i < options.nodes; ++i) {
    NodeOptions node_options = options.node;
    node_options.port = static_cast<std::uint16_t>(options.node.port + i);
    if (i > 0) node_options.initial_network_address = {nodes_.front()->address()};
    Environment environment = environment_of(runtime_, node_options, logger);
    nodes_.push_back(std::make_unique<Node>(std::move(node_options), std::move(environment)));
    for (const Event event : kWatched) {
      nodes_.back()->on(event, [this](const EventInfo&) { has_changed_ = true; });
    }
  }
}

DevNetwork::~DevNetwork() {
  stop();
}

Result<void> DevNetwork::start() {
  started_at_ = runtime_.clock()->now();
  for (const auto& node : nodes_) {
    if (const Result<void> started = node->start(); !started) {
      return Error{started.error().code,
                   "node " + node->address().text() + ": " + started.error().message,
                   {}};
    }
  }
  return {};
}

void DevNetwork::stop() {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> stoppers;
  for (std::size_t i = 0; i < std::min(kStoppersMax, nodes_.size()); ++i) {
    stoppers.emplace_back([&] {
      for (std::size_t item = next++; item < nodes_.size(); item = next++) {
        // The first node goes last: those that have not joined yet look for it.
        nodes_[nodes_.size() - 1 - item]->stop(kStopGrace);
      }
    });
  }
}

DevSummary DevNetwork::summary() const {
  DevSummary summary{.nodes = nodes_.size()};
  for (const auto& node : nodes_) {
    const auto view = node->peers().view();
    const std::uint16_t port = node->address().port();
    const bool is_listed = view->is_registered() || nodes_.size() == 1;
    if (!is_listed) summary.listless.push_back(port);
    if (is_listed && view->network_size() == nodes_.size()) ++summary.agreeing;
    if (!view->is_master()) continue;
    summary.longest_list = std::max(summary.longest_list, view->slaves.size());
    summary.lists.push_back({.master = port, .slaves = ports_of(view->slaves)});
  }
  return summary;
}

}  // namespace spreadable::cli
