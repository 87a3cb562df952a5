// What each kind of actor does to what its node says; what it does to networks is for scenarios.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

#include "core/coverage.h"
#include "core/wire.h"
#include "services/simulation/actors/alterer.h"
#include "services/simulation/actors/colluder.h"
#include "services/simulation/actors/dropper.h"
#include "services/simulation/actors/framer.h"
#include "services/simulation/actors/hanger.h"
#include "services/simulation/actors/liar.h"
#include "services/simulation/simulation.h"
#include "services/sync/structure.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

/// Twenty nodes, of which the first is a master that an actor sits in.
class Stage {
 public:
  explicit Stage(std::function<std::unique_ptr<Actor>()> make)
      : simulation(
            {.nodes = 20,
             .seed = 3,
             .make_actor = [make = std::move(make)](std::size_t index) -> std::unique_ptr<Actor> {
               return index == 0 ? make() : nullptr;
             },
             .prepare =
                 [](Node& node, std::size_t index) {
                   node.add_action("numbers").local(
                       [index](const Json&, CallContext&) -> Json { return Json::array({index}); });
                 }}) {
    simulation.start();
    REQUIRE(simulation.run_until([&] { return simulation.is_settled(); }, 5min));
    REQUIRE(simulation.node(0).peers().view()->is_master());
  }
  /// What the node with the actor tells node 1, by a route under /api.
  [[nodiscard]] Result<PeerReply> ask(std::string_view route, Json body = Json::object()) {
    return simulation.node(1).outbound().request({.to = simulation.address(0),
                                                  .path = std::string(route),
                                                  .body = std::move(body),
                                                  .is_stamped = false},
                                                 Deadline::after(simulation.node(1).clock(), 2s));
  }
  [[nodiscard]] Result<PeerReply> structure() { return ask("/api/node/structure"); }
  [[nodiscard]] Result<PeerReply> numbers() { return ask("/api/butler/numbers", {{"level", 1}}); }
  [[nodiscard]] std::shared_ptr<const PeerView> view() { return simulation.node(0).peers().view(); }

  Simulation simulation;
};

}  // namespace

TEST_CASE("simulation: actors: a node is honest until its actor turns, and once it relents") {
  Stage stage([] { return std::make_unique<Hanger>(); });
  CHECK_FALSE(stage.simulation.actor(1));
  REQUIRE(stage.simulation.actor(0));
  CHECK_FALSE(stage.simulation.actor(0)->is_hostile());
  CHECK(stage.structure());
  stage.simulation.actor(0)->turn();
  const Duration before = stage.simulation.elapsed();
  CHECK(stage.structure().error().code == Errc::timed_out);
  const Duration waited = stage.simulation.elapsed() - before;
  CHECK(waited >= 2s);
  CHECK(waited < 2s + 1us);  // what the readings of its clock have taken
  CHECK(stage.ask("/ping").error().code == Errc::timed_out);
  stage.simulation.actor(0)->relent();
  CHECK(stage.structure());
}

TEST_CASE("simulation: actors: one that hangs on nine of ten answers about one in ten") {
  Stage stage([] { return std::make_unique<Hanger>(0.9); });
  stage.simulation.actor(0)->turn();
  int answered = 0;
  for (int i = 0; i < 200; ++i) answered += stage.ask("/api/node/get-interview-summary") ? 1 : 0;
  CHECK(answered > 5);
  CHECK(answered < 40);
}

TEST_CASE("simulation: actors: a liar's lists have the flaw that it is named after") {
  for (const Lie lie : kLies) {
    INFO("lie ", static_cast<int>(lie));
    Stage stage([lie] { return std::make_unique<Liar>(lie); });
    const auto honest = stage.structure();
    REQUIRE(honest);
    stage.simulation.actor(0)->turn();
    const auto reply = stage.structure();
    REQUIRE(reply);
    CHECK(reply->body != honest->body);
    const Result<Structure> parsed = parse_structure(dump_json(reply->body));
    switch (lie) {
      case Lie::nothing_at_all:
        CHECK(reply->body == Json::object());
        break;
      case Lie::huge_sizes:
        CHECK(reply->body["masters"][0]["size"] == 1'000'000'000);
        break;
      case Lie::sizes_as_text:
        CHECK(reply->body["masters"][0]["size"] == "many");
        break;
      case Lie::duplicates:
        CHECK(reply->body["slaves"].size() == 2 * honest->body["slaves"].size());
        CHECK_FALSE(parsed);
        break;
      case Lie::loops:
        REQUIRE(parsed);
        CHECK(parsed->has_slave(stage.simulation.address(0)));
        CHECK(parsed->backlink == stage.simulation.address(1));
        break;
      case Lie::swollen_sizes:
        REQUIRE(parsed);
        CHECK(parsed->network_size() == 20 * stage.view()->network_size());
        break;
      case Lie::half_lists:
        REQUIRE(parsed);
        CHECK(parsed->slaves.size() == (stage.view()->slaves.size() + 1) / 2);
        break;
      case Lie::invented_masters:
        REQUIRE(parsed);
        CHECK(parsed->masters.size() == stage.view()->masters.size() + 8);
        break;
    }
  }
}

TEST_CASE("simulation: actors: a dropper hides the same slaves each time and says nothing of it") {
  Stage stage([] { return std::make_unique<Dropper>(); });
  const auto honest = stage.numbers();
  REQUIRE(honest);
  stage.simulation.actor(0)->turn();
  const auto first = stage.numbers();
  const auto second = stage.numbers();
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->body.size() < honest->body.size());
  CHECK(first->body == second->body);
  CHECK(*first->headers.find(wire::kCoverage) == *honest->headers.find(wire::kCoverage));
}

TEST_CASE("simulation: actors: an alterer keeps the form of an answer and changes its content") {
  Stage stage([] { return std::make_unique<Alterer>(1.0); });
  const auto honest = stage.numbers();
  REQUIRE(honest);
  stage.simulation.actor(0)->turn();
  const auto altered = stage.numbers();
  REQUIRE(altered);
  REQUIRE(altered->body.size() == honest->body.size());
  for (std::size_t i = 0; i < altered->body.size(); ++i) {
    CHECK(altered->body[i] == honest->body[i].get<int>() + 1);
  }
}

TEST_CASE("simulation: actors: a framer is honest to its master and accuses it to everybody else") {
  Stage stage([] { return std::make_unique<Framer>(); });
  stage.simulation.actor(0)->turn();
  const auto ask_from = [&](std::size_t index) {
    Node& node = stage.simulation.node(index);
    return node.outbound().request({.to = stage.simulation.address(0),
                                    .path = "/api/slave/numbers",
                                    .body = {{"level", 0}},
                                    .is_stamped = false},
                                   Deadline::after(node.clock(), 2s));
  };
  const auto master = stage.simulation.index_of(*stage.view()->backlink);
  REQUIRE(master);
  CHECK(ask_from(*master)->body == Json::array({0}));
  const std::size_t other = *master == 1 ? 2 : 1;
  CHECK(ask_from(other)->body != Json::array({0}));
  CHECK(ask_from(other)->body != ask_from(other)->body);
}

TEST_CASE("simulation: actors: what a framer forges is believed by nobody") {
  Stage stage([] { return std::make_unique<Framer>(); });
  const std::size_t masters = stage.simulation.count_masters();
  stage.simulation.actor(0)->turn();
  for (int i = 0; i < 30; ++i) {
    stage.simulation.run_for(4s);
    CHECK(stage.simulation.is_settled());
  }
  CHECK(stage.simulation.count_masters() == masters);
}

TEST_CASE("simulation: actors: a colluder names its ring alone and covers it") {
  const auto ring = std::make_shared<Ring>();
  Stage stage([ring] { return std::make_unique<Colluder>(ring); });
  const Address member = stage.view()->slaves.front();
  ring->insert({stage.simulation.address(0), member});
  stage.simulation.actor(0)->turn();
  const auto reply = stage.structure();
  REQUIRE(reply);
  CHECK(reply->body["slaves"] == Json::array({Json{{"address", member.text()}}}));
  const auto read = parse_structure(dump_json(reply->body));
  REQUIRE(read);
  for (const MasterEntry& master : read->masters) {
    CHECK(ring->contains(master.address));
    if (master.address == stage.simulation.address(0)) CHECK(master.size == 1);
  }
  const auto places = stage.ask("/api/node/provide-registration", {{"target", "10.0.9.9:80"}});
  REQUIRE(places);
  for (const Json& result : places->body["results"]) {
    CHECK(ring->contains(*Address::parse(result["address"].get<std::string>())));
  }
  const auto map = stage.ask("/api/butler/network-map", {{"level", 1}});
  REQUIRE(map);
  REQUIRE(map->body.size() == 1);
  CHECK(map->body[0]["address"] == member.text());
  CHECK(Coverage::from_header(*map->headers.find(wire::kCoverage))->is_complete());
}

TEST_CASE("simulation: actors: a new one comes with each start of a node") {
  Stage stage([] { return std::make_unique<Hanger>(); });
  stage.simulation.actor(0)->turn();
  stage.simulation.crash(0);
  CHECK_FALSE(stage.simulation.actor(0));
  stage.simulation.start(0);
  REQUIRE(stage.simulation.actor(0));
  CHECK_FALSE(stage.simulation.actor(0)->is_hostile());
}

}  // namespace spreadable
