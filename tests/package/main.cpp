// A program that uses the installed package as users do: with a node and a service of its own kind.
// Starts two such nodes on loopback, waits until they are one network, asks it, and exits with 0.
#include <unistd.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "services/spreadable.h"

using namespace spreadable;

namespace {

constexpr std::chrono::seconds kPatience{30};  // ample: a loaded machine must not fail the test
constexpr int kPortsTried = 100;

/// Tells a figure of its own in /status.
class Greeter final : public Service {
 public:
  Greeter() : Service("greeter") {}
  void describe(Json& status) const override { status["greeting"] = "hello"; }
};

/// Brings a service and a route, and turns strangers away.
class GreetingNode final : public Node {
 public:
  using Node::Node;
  ~GreetingNode() override { stop(); }

 protected:
  void prepare_services() override {
    Node::prepare_services();
    services().add(std::make_unique<Greeter>());
  }
  void prepare_routes() override {
    router().add(Method::get, "/greeting", WorkClass::leaf, [this](CallContext&) -> Result<Json> {
      return Json{{"from", address().text()}};
    });
  }
  Result<void> check_access(CallContext& call) override {
    if (call.request.query != "stranger") return {};
    return Error{Errc::denied, "strangers are not greeted", {}};
  }
};

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error("this does not hold: " + what);
}

/// A running node on the first port that is free.
std::unique_ptr<GreetingNode> start_node(Runtime& runtime, std::vector<Address> initial) {
  NodeOptions options{.hostname = "localhost", .initial_network_address = std::move(initial)};
  options.storage.path = Runtime::kNoStorage;
  options.network.sync_interval = Millis{500};
  options.port = static_cast<std::uint16_t>(20'000 + ::getpid() % 10'000);
  for (int tries = 0; tries < kPortsTried; ++tries, ++options.port) {
    auto node = std::make_unique<GreetingNode>(options, runtime.environment(options));
    node->add_action("count-nodes")
        .local([](const Json&, CallContext&) { return 1; })
        .merge(merges::sum);
    if (node->start()) return node;
  }
  throw std::runtime_error("no port is free");
}

bool wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return true;
}

void run() {
  Runtime runtime;
  const auto first = start_node(runtime, {});
  const auto second = start_node(runtime, {first->address()});
  const auto is_settled = [](Node& node) {
    const auto view = node.peers().view();
    return view->is_registered() && view->network_size() == 2;
  };
  require(wait_until([&] { return is_settled(*first) && is_settled(*second); }),
          "two nodes become one network");

  const auto count = second->traverse("count-nodes", Json::object());
  require(count && count->complete && count->value == 2, "a traversal reaches both nodes");
  require(second->status()["greeting"] == "hello", "the service is part of the node");

  Client client({.address = {second->address()}},
                {*runtime.transport(), *runtime.clock(), *runtime.random()});
  require(client.init().has_value(), "a client finds the node");
  const auto greeting = client.get("/greeting");
  require(greeting && (*greeting)["from"] == second->address().text(), "the route answers");
  const auto refused = client.get("/greeting?stranger");
  require(!refused && refused.error().code == Errc::denied, "strangers are turned away");
}

}  // namespace

int main() try { run(); } catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
