// Large answers in whole networks: what a coordinator holds of them at a time.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "services/simulation/simulation.h"

namespace spreadable {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kNodes = 16;
constexpr std::uint64_t kMax = std::uint64_t{2} << 20;  ///< the option
/// Of a node. What a traversal takes, texts and values, is a third of the option.
constexpr std::size_t kTextBytes = 20'000;

/// A network whose nodes answer with much, and what they hold of it.
class Network {
 public:
  Network()
      : simulation_({.nodes = kNodes,
                     .seed = 5,
                     .make_node =
                         [this](NodeOptions options, Environment environment, std::size_t index) {
                           memories_[index] = environment.memory;
                           return std::make_unique<Node>(std::move(options),
                                                         std::move(environment));
                         },
                     .configure = [](NodeOptions& options,
                                     std::size_t) { options.request.traversal_memory = kMax; },
                     .prepare =
                         [](Node& node, std::size_t) {
                           node.add_action("texts").local([](const Json&, CallContext&) -> Json {
                             return std::string(kTextBytes, 'x');
                           });
                         }}) {
    simulation_.start();
    REQUIRE(simulation_.run_until([&] { return simulation_.is_settled(); }, minutes{10}));
    simulation_.add_invariant([this](Node&, std::size_t index) -> Result<void> {
      most_[index] = std::max(most_[index], memories_[index]->held());
      waited_[index] = std::max(waited_[index], memories_[index]->waiting());
      return {};
    });
  }

  /// The statuses of `count` clients that ask the first node at the same time.
  std::vector<Result<PeerReply>> ask(std::size_t count, seconds patience) {
    const std::vector<PeerRequest> requests(
        count, PeerRequest{.to = simulation_.address(0), .path = "/client/texts"});
    Node& client = simulation_.node(kNodes - 1);
    return client.outbound().request_group(requests, Deadline::after(client.clock(), patience));
  }
  /// That node says nothing from now on.
  void silence(std::size_t index) { simulation_.crash(index, Death::machine); }
  [[nodiscard]] std::uint64_t most(std::size_t index) const { return most_[index]; }
  [[nodiscard]] std::size_t waited(std::size_t index) const { return waited_[index]; }
  [[nodiscard]] AnswerMemory& memory(std::size_t index) { return *memories_[index]; }

 private:
  std::vector<std::shared_ptr<AnswerMemory>> memories_ =
      std::vector<std::shared_ptr<AnswerMemory>>(kNodes);
  std::vector<std::uint64_t> most_ = std::vector<std::uint64_t>(kNodes);
  std::vector<std::size_t> waited_ = std::vector<std::size_t>(kNodes);
  Simulation simulation_;
};

}  // namespace

TEST_CASE("simulation: answer memory: many traversals with large answers take turns, none fails") {
  Network network;
  for (const auto& reply : network.ask(24, seconds{60})) {
    REQUIRE_MESSAGE(reply, (reply ? "" : reply.error().message));
    CHECK(reply->body["nodesAnswered"] == kNodes);
    CHECK(reply->body["value"].size() == kNodes);
  }
  CHECK(network.waited(0) >= 20);
  for (std::size_t i = 0; i < kNodes; ++i) {
    INFO("node ", i);
    CHECK(network.most(i) <= kMax);
    CHECK(network.memory(i).held() == 0);
  }
}

TEST_CASE("simulation: answer memory: a silent node holds up no traversals that nobody knows yet") {
  Network network;
  network.silence(kNodes / 2);
  for (const auto& reply : network.ask(6, seconds{4})) {
    REQUIRE_MESSAGE(reply, (reply ? "" : reply.error().message));
    CHECK(reply->body["nodesAnswered"] == kNodes - 1);
  }
}

TEST_CASE("simulation: answer memory: who does not get its turn in time is told why") {
  Network network;
  std::size_t refused = 0;
  std::size_t answered = 0;
  for (const auto& reply : network.ask(24, seconds{1})) {
    if (reply) {
      ++answered;  // by all, or by those who could in the time that was left
      CHECK(reply->body["complete"] == (reply->body["nodesAnswered"] == kNodes));
    } else if (reply.error().message.find("\"request.traversalMemory\"") != std::string::npos) {
      ++refused;
      CHECK(reply.error().code == Errc::overloaded);
    }
  }
  CHECK(answered > 0);
  CHECK(refused > 0);
  CHECK(network.most(0) <= kMax);
}

}  // namespace spreadable
