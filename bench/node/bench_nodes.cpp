#include "bench/node/bench_nodes.h"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>
#include <thread>

#include "bench/support/actions.h"
#include "extensions/documents/kind.h"

namespace spreadable::bench {
namespace {

constexpr const char* kHost = "127.0.0.1";
constexpr std::size_t kStoppersMax = 16;  ///< nodes that are stopped at the same time
constexpr Duration kStopGrace = std::chrono::milliseconds{200};

constexpr Event kWatched[] = {Event::registered, Event::unregistered, Event::size_changed};

void say(const Json& line) {
  fmt::print("{}\n", dump_json(line));
  std::fflush(stdout);
}

void set(NodeOptions& options, std::string_view setting) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos) {
    throw std::invalid_argument("expected name=value, got " + std::string(setting));
  }
  const auto done = set_option_text(options, setting.substr(0, equals), setting.substr(equals + 1));
  if (!done) throw std::invalid_argument(done.error().message);
}

Address address_of(const std::string& text) {
  Result<Address> address = Address::parse(text);
  if (!address) throw std::invalid_argument(address.error().message);
  return std::move(*address);
}

}  // namespace

BenchNodes::BenchNodes(const Options& options)
    : network_(options.network), agrees_(options.nodes, false) {
  for (std::size_t i = 0; i < options.nodes; ++i) {
    NodeOptions node_options = options_of(options, i);
    Environment environment = runtime_.environment(node_options);
    if (node_options.kind == documents::kKind) documents::equip(environment, node_options);
    nodes_.push_back(std::make_unique<Node>(std::move(node_options), std::move(environment)));
    add_actions(*nodes_.back());
    watch(i);
  }
  if (!options.masters.empty()) know_masters(options);
}

NodeOptions BenchNodes::options_of(const Options& options, std::size_t index) const {
  NodeOptions node;
  node.hostname = kHost;
  node.port = static_cast<std::uint16_t>(options.port + index);
  node.logger.level = LogLevel::warn;
  node.storage.path = options.storage.empty() ? std::filesystem::path(Runtime::kNoStorage)
                                              : options.storage / std::to_string(node.port);
  node.network.auto_sync = options.masters.empty();
  if (index > 0) {
    node.initial_network_address = {nodes_.front()->address()};
  } else if (!options.initial.empty()) {
    node.initial_network_address = {address_of(options.initial)};
  }
  for (const std::string& setting : options.settings) set(node, setting);
  return node;
}

void BenchNodes::watch(std::size_t index) {
  for (const Event event : kWatched) {
    nodes_[index]->on(event, [this, index](const EventInfo&) { note(index); });
  }
}

/// Looks at the node under the mutex, so that of two changes the later one counts.
void BenchNodes::note(std::size_t index) {
  const MutexLock lock(mutex_);
  const auto view = nodes_[index]->peers().view();
  const bool agrees = (view->is_registered() || network_ == 1) && view->network_size() == network_;
  if (agrees == agrees_[index]) return;
  const bool did_all = agreeing_ == agrees_.size();
  agrees_[index] = agrees;
  agreeing_ += agrees ? 1 : std::size_t(-1);
  const bool do_all = agreeing_ == agrees_.size();
  if (did_all != do_all) say({{"event", "agreement"}, {"agree", do_all}});
}

void BenchNodes::know_masters(const Options& options) {
  MasterList::Entries masters;
  for (const std::string& text : options.masters) {
    masters.push_back({address_of(text), options.list_length});
  }
  PeerTable& peers = nodes_.front()->peers();
  peers.set_backlink(masters.front().address);
  peers.set_masters(MasterList(std::move(masters)));
}

void BenchNodes::start() {
  for (const auto& node : nodes_) {
    if (const Result<void> started = node->start(); !started) {
      throw std::runtime_error(node->address().text() + ": " + started.error().message);
    }
  }
  say({{"event", "serving"}, {"port", nodes_.front()->address().port()}, {"pids", {::getpid()}}});
}

void BenchNodes::stop() {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> stoppers;
  for (std::size_t i = 0; i < std::min(kStoppersMax, nodes_.size()); ++i) {
    stoppers.emplace_back([&] {
      for (std::size_t item = next++; item < nodes_.size(); item = next++) {
        nodes_[item]->stop(kStopGrace);
      }
    });
  }
}

}  // namespace spreadable::bench
