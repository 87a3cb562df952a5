#include "services/simulation/simulation.h"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace spreadable {
namespace {

using namespace std::chrono_literals;

/// A node of an extension: answers with a number of its own.
class Numbered final : public Node {
 public:
  Numbered(NodeOptions options, Environment environment, std::size_t number)
      : Node(std::move(options), std::move(environment)), number_(number) {
    add_action("total")
        .local([this](const Json&, CallContext&) -> Json { return number_; })
        .merge(merges::sum);
  }
  ~Numbered() override { stop(); }
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  const std::size_t number_;
};

Simulation::Options of_numbered(std::size_t nodes, std::uint64_t seed = 1) {
  return {.nodes = nodes,
          .seed = seed,
          .make_node = [](NodeOptions options, Environment environment, std::size_t index) {
            return std::make_unique<Numbered>(std::move(options), std::move(environment), index);
          }};
}

bool settle(Simulation& simulation) {
  return simulation.run_until([&] { return simulation.is_settled(); }, 10min);
}

Json total(Simulation& simulation, std::size_t coordinator) {
  const auto result = simulation.node(coordinator).traverse("total", Json::object());
  return result ? result->value : Json(result.error().message);
}

/// Keeps what nodes log.
class Records final : public Logger {
 public:
  bool is_enabled(LogLevel level) const override { return level >= LogLevel::info; }
  void write(LogLevel, std::string_view message) override { texts.emplace_back(message); }
  std::vector<std::string> texts{};
};

/// Everything that can go wrong, in ten minutes.
std::uint64_t digest_of_a_bad_day(std::uint64_t seed) {
  Simulation simulation(of_numbered(12, seed));
  simulation.network().set_conditions({.loss = 0.05, .reordering = 0.1, .duplication = 0.05});
  simulation.start();
  simulation.run_for(1min);
  simulation.network().cut(simulation.machines(0, 4), simulation.machines(4, 12));
  simulation.set_wall_offset(2, 1h);
  simulation.set_drift(3, 0.001);
  simulation.freeze(5);
  simulation.run_for(2min);
  simulation.crash(6, Death::machine);
  simulation.network().set_slow(7, 20ms);
  simulation.network().heal();
  simulation.thaw(5);
  simulation.run_for(2min);
  simulation.start(6);
  simulation.stop(8);
  static_cast<void>(total(simulation, simulation.random().below(8)));
  simulation.run_for(5min);
  return simulation.digest();
}

}  // namespace

TEST_CASE("simulation: digest: equal for equal seeds, whatever goes wrong, for 20 of 20 seeds") {
  std::uint64_t last = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    const std::uint64_t digest = digest_of_a_bad_day(seed);
    CHECK(digest == digest_of_a_bad_day(seed));
    CHECK(digest != last);
    last = digest;
  }
}

TEST_CASE("simulation: nodes: those of a subclass answer, asked by code outside of the network") {
  Simulation simulation(of_numbered(20));
  simulation.start();
  REQUIRE(settle(simulation));
  CHECK(total(simulation, 3) == 190);
  CHECK(simulation.node_as<Numbered>(7).number() == 7);
  CHECK(simulation.index_of(simulation.address(7)) == 7);
}

TEST_CASE("simulation: client: asks the network from outside") {
  Simulation simulation(of_numbered(10));
  simulation.start();
  REQUIRE(settle(simulation));
  Client client({.address = {simulation.address(4)}}, simulation.client_parts());
  REQUIRE(client.init());
  const auto result = client.traverse("total", Json::object());
  REQUIRE(result);
  CHECK(result->value == 45);
  CHECK(result->complete);
}

TEST_CASE("simulation: names: nodes with names join, and one that cannot look up loses its place") {
  Simulation::Options options = of_numbered(10);
  options.has_names = true;
  Simulation simulation(std::move(options));
  simulation.start();
  REQUIRE(settle(simulation));
  CHECK(simulation.address(3).host() == "n3.nodes.test");
  simulation.network().set_dns(simulation.machine(3), /*is_working=*/false);
  CHECK(simulation.run_until([&] { return simulation.node(0).peers().view()->network_size() == 9; },
                             10min));
  simulation.network().set_dns(simulation.machine(3), /*is_working=*/true);
  CHECK(settle(simulation));
  CHECK(total(simulation, 3) == 45);
}

TEST_CASE(
    "simulation: crash: the others go on, and a node that restarts is back with what it stored") {
  for (const Death death : {Death::process, Death::machine}) {
    Simulation simulation(of_numbered(12));
    simulation.start();
    REQUIRE(settle(simulation));
    simulation.run_for(2min);
    simulation.crash(5, death);
    CHECK_FALSE(simulation.is_up(5));
    REQUIRE(settle(simulation));
    CHECK(total(simulation, 0) == 61);

    simulation.crash(0, death);  // whom all name as their initial node
    REQUIRE(settle(simulation));
    simulation.start(5);
    REQUIRE(settle(simulation));
    CHECK(simulation.node(5).root() == simulation.address(0).text());
    CHECK(total(simulation, 5) == 66);
  }
}

TEST_CASE("simulation: crash: in the middle of a traversal, of the coordinator and of a slave") {
  Simulation simulation(of_numbered(12));
  simulation.start();
  REQUIRE(settle(simulation));
  for (const std::size_t victim : {std::size_t{2}, std::size_t{9}}) {
    Client client({.address = {simulation.address(2)}}, simulation.client_parts());
    REQUIRE(client.init());
    simulation.at(simulation.elapsed() + 60ms, [&] { simulation.crash(victim, Death::process); });
    const auto result = client.traverse("total", Json::object());
    CHECK(result.has_value() == (victim != 2));
    simulation.start(victim);
    REQUIRE(settle(simulation));
  }
}

TEST_CASE("simulation: crash: masters far away tell in time that a slave is silent") {
  Simulation simulation(of_numbered(20));
  simulation.network().set_conditions({.round_trip_median = 140ms, .pair_spread = 0, .jitter = 0});
  simulation.start();
  REQUIRE(settle(simulation));
  simulation.run_for(2min);  // until connections that are not needed have ended
  std::size_t victim = 1;
  while (simulation.node(victim).peers().view()->is_master()) ++victim;
  simulation.crash(victim, Death::machine);
  // Most coordinators connect to its master first, which takes a round trip more.
  for (std::size_t i = 0; i < 10; ++i) {
    if (i == victim) continue;
    const Duration begun = simulation.elapsed();
    Node& node = simulation.node(i);
    const auto result =
        node.traverse("total", Json::object(), Deadline::after(node.clock(), Millis{4'000}));
    REQUIRE(result);
    CHECK(result->value == 190 - victim);
    CHECK(result->masters_failed == 0);
    CHECK(simulation.elapsed() - begun <= 2s);  // nobody has had to stand in
  }
}

TEST_CASE("simulation: stop: says goodbye, so that the others know at once") {
  Simulation simulation(of_numbered(12));
  simulation.start();
  REQUIRE(settle(simulation));
  simulation.run_for(1min);
  const Duration begun = simulation.elapsed();
  simulation.stop(4);
  CHECK(simulation.elapsed() - begun < 3s);
  for (std::size_t i = 0; i < simulation.size(); ++i) {
    if (simulation.is_up(i))
      CHECK_FALSE(simulation.node(i).peers().view()->has_slave(simulation.address(4)));
  }
}

TEST_CASE("simulation: partition: both halves go on alone and find together again") {
  Simulation simulation(of_numbered(20));
  simulation.start();
  REQUIRE(settle(simulation));
  simulation.network().cut(simulation.machines(0, 10), simulation.machines(10, 20));
  simulation.run_for(5min);
  CHECK(total(simulation, 0) == 45);
  CHECK(total(simulation, 10) == 145);
  simulation.network().heal();
  REQUIRE(settle(simulation));
  CHECK(total(simulation, 15) == 190);
}

TEST_CASE("simulation: freeze: a node that stood still for a minute is back when it goes on") {
  Simulation simulation(of_numbered(12));
  simulation.start();
  REQUIRE(settle(simulation));
  simulation.freeze(5);
  simulation.run_for(1min);
  CHECK(total(simulation, 0) == 61);
  simulation.thaw(5);
  CHECK(settle(simulation));
  CHECK(total(simulation, 5) == 66);
}

TEST_CASE(
    "simulation: invariants: are checked when a node has done something, and tell who and when") {
  Simulation simulation(of_numbered(8));
  simulation.add_invariant([](Node& node, std::size_t index) -> Result<void> {
    if (index != 3 || !node.peers().view()->is_registered()) return {};
    return Error{Errc::internal, "node 3 has a master", {}};
  });
  simulation.start();
  CHECK(simulation.violations().empty());
  REQUIRE(settle(simulation));
  REQUIRE_FALSE(simulation.violations().empty());
  const Simulation::Violation& first = simulation.violations().front();
  CHECK(first.node == 3);
  CHECK(first.at > VirtualTime::kStart);
  CHECK(first.message == "node 3 has a master");
}

TEST_CASE("simulation: start: tells why a node does not start") {
  Simulation::Options options = of_numbered(2);
  options.configure = [](NodeOptions& node, std::size_t index) {
    if (index == 1) node.hostname = "unknown.test";
  };
  Simulation simulation(std::move(options));
  simulation.start(0);
  CHECK_THROWS_WITH_AS(simulation.start(1),
                       doctest::Contains("option \"hostname\": nobody is called unknown.test"),
                       std::runtime_error);
  CHECK_FALSE(simulation.is_up(1));
}

TEST_CASE("simulation: add: nodes that come later join the others") {
  Simulation simulation(of_numbered(5));
  simulation.start();
  REQUIRE(settle(simulation));
  simulation.add(5);
  CHECK(simulation.size() == 10);
  CHECK(simulation.count_up() == 5);
  simulation.start();
  REQUIRE(settle(simulation));
  CHECK(total(simulation, 0) == 45);
}

TEST_CASE("simulation: places: several nodes at one ip are told apart by their ports") {
  Simulation simulation({.nodes = 4, .seed = 2});
  simulation.add_at(*IpAddress::parse("10.9.9.9"), 3);
  CHECK(simulation.address(4).text() == "10.9.9.9:1024");
  CHECK(simulation.address(6).text() == "10.9.9.9:1026");
  simulation.start();
  REQUIRE(settle(simulation));
  const auto map = simulation.node(5).traverse("network-map", Json::object());
  REQUIRE(map);
  CHECK(map->value.size() == 7);
  simulation.crash(5);
  CHECK(settle(simulation));
  const auto ask = [&](const char* address) {
    Node& node = simulation.node(0);
    return node.outbound().request(
        {.to = *Address::parse(address), .path = "/ping", .method = Method::get},
        Deadline::after(node.clock(), 1s));
  };
  CHECK(ask("10.9.9.9:1024"));
  CHECK(ask("10.9.9.9:1025").error().code == Errc::unreachable);
  CHECK(ask("10.9.9.9:9999").error().code == Errc::unreachable);
}

TEST_CASE("simulation: places: public addresses lie in a neighbourhood each") {
  Simulation simulation({.nodes = 300, .is_public = true});
  std::set<IpAddress> groups;
  for (std::size_t i = 0; i < simulation.size(); ++i) {
    const auto ip = IpAddress::parse(simulation.address(i).host());
    REQUIRE(ip);
    CHECK(ip->is_public());
    groups.insert(ip->group());
  }
  CHECK(groups.size() == 300);
  for (std::size_t i = 0; i < 20; ++i) simulation.start(i);
  CHECK(settle(simulation));
}

TEST_CASE("simulation: storage: a node whose disk fails does not start, and does when it is well") {
  Simulation simulation({.nodes = 1, .storage = {.read_errors = 1}});
  CHECK_THROWS_AS(simulation.start(0), std::runtime_error);
  CHECK_FALSE(simulation.is_up(0));
  simulation.set_storage_faults(0, {});
  simulation.start(0);
  CHECK(simulation.is_up(0));
}

TEST_CASE("simulation: log: each record has its time and the address of its node") {
  const auto records = std::make_shared<Records>();
  Simulation simulation({.nodes = 1, .logger = records});
  simulation.run_for(2s);
  simulation.start();
  REQUIRE_FALSE(records->texts.empty());
  CHECK(records->texts[0] == "2.000000 s, 10.0.0.1:80: node 10.0.0.1:80 is listening");
}

}  // namespace spreadable
