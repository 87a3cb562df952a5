// Nodes on real HTTP, many in one process. What it takes to form a network, and what the network
// promises.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <set>

#include "core/network_map.h"
#include "services/spreadable.h"
#include "tests/support/free_port.h"
#include "tests/support/slowdown.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

/// Nodes of one process that began at the same moment. Waits on the nodes' own events, never on
/// time.
class Fleet {
 public:
  struct Options {
    std::size_t nodes = 25;
    Millis sync_interval = 500ms;
    std::vector<Millis> wall_offsets{0ms};   ///< node i has the i-th of these, counted round
    std::string initial_host = "localhost";  ///< under which the others know the first node
  };

  explicit Fleet(Options options) : options_(std::move(options)) {
    const std::uint16_t base = free_ports(options_.nodes);
    for (const Millis offset : options_.wall_offsets) {
      runtimes_.push_back(std::make_unique<Runtime>(Runtime::Options{.wall_offset = offset}));
    }
    for (std::size_t i = 0; i < options_.nodes; ++i) {
      NodeOptions node;
      node.port = static_cast<std::uint16_t>(base + i);
      node.hostname = "localhost";
      node.storage.path = Runtime::kNoStorage;
      node.network.sync_interval = options_.sync_interval;
      node.logger.level = LogLevel::error;
      if (i > 0) node.initial_network_address = {*Address::from_parts(options_.initial_host, base)};
      Runtime& runtime = *runtimes_[i % runtimes_.size()];
      nodes_.push_back(std::make_unique<Node>(node, runtime.environment(node)));
      nodes_.back()->on(Event::sync_finished, [this](const EventInfo&) { changed_.notify_all(); });
    }
    for (const auto& node : nodes_) REQUIRE(node->start());
  }
  ~Fleet() {
    for (const auto& node : nodes_) node->stop(1s);
  }

  bool wait_until(const std::function<bool()>& condition, Duration limit) {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (changed_.wait_until(lock, until) == std::cv_status::timeout) return condition();
    }
    return true;
  }
  [[nodiscard]] bool agrees() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
      const auto view = node->peers().view();
      return view->is_registered() && view->network_size() == nodes_.size();
    });
  }
  [[nodiscard]] Node& node(std::size_t i) { return *nodes_[i]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] Duration interval() const { return options_.sync_interval; }

 private:
  const Options options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Runtime>> runtimes_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

/// A traversal from `coordinator` reaches every node exactly once.
void check_complete(Node& coordinator, std::size_t nodes) {
  INFO("coordinator ", coordinator.address().text());
  const auto result = coordinator.traverse(NetworkMapAction::kName, Json::object());
  REQUIRE(result);
  const auto map = NetworkMapAction::parse(result->value);
  REQUIRE(map);
  std::set<Address> distinct;
  for (const MapEntry& entry : *map) distinct.insert(entry.address);
  CHECK(map->size() == nodes);
  CHECK(distinct.size() == nodes);
  CHECK(result->nodes_asked == nodes);
  CHECK(result->nodes_answered == nodes);
  CHECK(result->complete);
}

}  // namespace

TEST_CASE(
    "network: formation: 25 nodes started at once are one network in ten intervals, and stay it") {
  Fleet fleet({.nodes = 25});
  REQUIRE(fleet.wait_until([&] { return fleet.agrees(); }, kSlowdown * 10 * fleet.interval()));
  // Every sync of every node during 40 intervals is looked at.
  CHECK_FALSE(fleet.wait_until([&] { return !fleet.agrees(); }, 40 * fleet.interval()));
  std::size_t masters = 0;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const auto view = fleet.node(i).peers().view();
    masters += view->is_master() ? 1 : 0;
    CHECK(view->slaves.size() <= 6);
  }
  CHECK(masters >= 4);
  CHECK(masters <= 6);
  for (std::size_t i = 0; i < fleet.size(); ++i) check_complete(fleet.node(i), fleet.size());
}

TEST_CASE("network: names: a node known under another name is in nobody's list twice") {
  Fleet fleet({.nodes = 9, .initial_host = "127.0.0.1"});
  REQUIRE(fleet.wait_until([&] { return fleet.agrees(); }, kSlowdown * 10 * fleet.interval()));
  CHECK_FALSE(fleet.wait_until([&] { return !fleet.agrees(); }, 10 * fleet.interval()));
  for (std::size_t i = 0; i < fleet.size(); ++i) check_complete(fleet.node(i), fleet.size());
}

TEST_CASE("network: clocks: machines an hour apart form a network and answer completely") {
  Fleet fleet({.nodes = 9, .wall_offsets = {0ms, 1h, -1h}});
  REQUIRE(fleet.wait_until([&] { return fleet.agrees(); }, kSlowdown * 20 * fleet.interval()));
  for (std::size_t i = 0; i < fleet.size(); ++i) check_complete(fleet.node(i), fleet.size());
}

TEST_CASE("network: load: sixteen clients at once get complete answers") {
  Fleet fleet({.nodes = 16});
  REQUIRE(fleet.wait_until([&] { return fleet.agrees(); }, kSlowdown * 20 * fleet.interval()));
  Runtime runtime;
  std::atomic<int> complete = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] {
        Client client({.address = {fleet.node(i).address()}},
                      {*runtime.transport(), *runtime.clock(), *runtime.random()});
        if (!client.init()) return;
        for (int k = 0; k < 10; ++k) {
          const auto result = client.traverse(NetworkMapAction::kName, Json::object());
          complete += result && result->complete && result->value.size() == 16 ? 1 : 0;
        }
      });
    }
  }
  CHECK(complete == 160);
}

TEST_CASE("network: client: finds a node that answers, and tells what a node refuses") {
  Fleet fleet({.nodes = 2});
  REQUIRE(fleet.wait_until([&] { return fleet.agrees(); }, kSlowdown * 20 * fleet.interval()));
  Runtime runtime;
  const Client::Parts parts{*runtime.transport(), *runtime.clock(), *runtime.random()};
  const Address nobody = *Address::from_parts("localhost", free_port());

  Client lost({.address = {nobody}}, parts);
  const auto none = lost.init();
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::unreachable);
  CHECK(none.error().message.find(nobody.text()) != std::string::npos);

  Client client({.address = {nobody, fleet.node(1).address()}}, parts);
  REQUIRE(client.init());
  CHECK(client.worker() == fleet.node(1).address());
  CHECK((*client.get("/status"))["networkSize"] == 2);
  const auto available = client.request("get-available-node", Json::object());
  REQUIRE(available);
  CHECK(Address::parse((*available)["address"].get<std::string>()));
  const auto unknown = client.request("no-such-thing", Json::object());
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::not_found);
}

TEST_CASE(
    "network: stop: running requests finish, new ones are refused, and the port is free again") {
  Runtime runtime;
  NodeOptions options;
  options.port = free_port();
  options.hostname = "localhost";
  options.storage.path = Runtime::kNoStorage;
  options.logger.level = LogLevel::error;
  Node node(options, runtime.environment(options));
  std::mutex mutex;
  std::condition_variable changed;
  bool is_inside = false;
  bool may_leave = false;
  node.add_action("wait").local([&](const Json&, CallContext&) -> Json {
    std::unique_lock lock(mutex);
    is_inside = true;
    changed.notify_all();
    changed.wait_for(lock, 10s, [&] { return may_leave; });
    return "done";
  });
  REQUIRE(node.start());
  Client client({.address = {node.address()}},
                {*runtime.transport(), *runtime.clock(), *runtime.random()});
  REQUIRE(client.init());
  Result<TraversalResult> answer = Error{};
  std::jthread asking([&] { answer = client.traverse("wait", Json::object(), {.timeout = 8s}); });
  {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, 5s, [&] { return is_inside; }));
  }
  std::jthread stopping([&] { node.stop(5s); });
  // Refused or closed: in either case nobody is served once the stop has begun.
  const auto is_refused = [&] {
    const auto reply = client.get("/ping", 1s);
    return !reply;
  };
  const auto until = std::chrono::steady_clock::now() + 4s;
  while (!is_refused() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  CHECK(is_refused());
  {
    const std::lock_guard lock(mutex);
    may_leave = true;
    changed.notify_all();
  }
  stopping.join();
  asking.join();
  REQUIRE(answer);
  CHECK(answer->value == Json::array({"done"}));
  REQUIRE(node.start());
  node.stop(1s);
}

}  // namespace spreadable
