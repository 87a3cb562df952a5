#include "services/sync/sync.h"

#include <doctest/doctest.h>

#include "core/wire.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

/// Every node answers with its own address, so that a merged answer tells who was asked how often.
void add_roll_call(Node& node) {
  node.add_action("roll-call").local([&node](const Json&, CallContext&) -> Json {
    return Json::array({node.address().text()});
  });
}

struct Bounds {
  std::size_t masters_min, masters_max, list_max;
};

/// What design.md, section 6, promises of a settled network of n nodes.
Bounds bounds_of(std::size_t n) {
  const double root = std::sqrt(static_cast<double>(n));
  return {static_cast<std::size_t>(std::floor(root / 1.5)),
          std::max<std::size_t>(2, static_cast<std::size_t>(1.5 * root)),
          static_cast<std::size_t>(root) + 1};
}

/// Asks from every running node and checks that each running node answers exactly once.
void check_roll_call(LocalNetwork& network, const std::vector<std::size_t>& running) {
  std::vector<std::string> expected;
  for (const std::size_t i : running) expected.push_back(LocalNetwork::address(i).text());
  std::sort(expected.begin(), expected.end());
  for (const std::size_t i : running) {
    INFO("coordinator ", LocalNetwork::address(i).text());
    const auto result = network.node(i).traverse("roll-call", Json::object());
    REQUIRE(result);
    auto answered = result->value.get<std::vector<std::string>>();
    std::sort(answered.begin(), answered.end());
    CHECK(answered == expected);
    CHECK(result->complete);
    CHECK(result->nodes_asked == running.size());
  }
}

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> indexes(count);
  for (std::size_t i = 0; i < count; ++i) indexes[i] = i;
  return indexes;
}

void start_with_roll_call(LocalNetwork& network, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) add_roll_call(network.add());
  for (std::size_t i = 0; i < count; ++i) REQUIRE(network.node(i).start());
}

}  // namespace

TEST_CASE("sync: join: nodes started at once become one network within ten intervals and stay it") {
  for (const std::size_t n : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 9U, 16U, 25U, 64U}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      INFO("nodes ", n, " seed ", seed);
      LocalNetwork network({.seed = seed});
      start_with_roll_call(network, n);
      if (n == 1) {
        network.run_for(10 * network.interval());
        CHECK(network.node(0).peers().view()->network_size() == 1);
        continue;
      }
      REQUIRE(network.run_until([&] { return network.agrees_on(n); }, 10 * network.interval()));
      const Bounds bounds = bounds_of(n);
      for (int i = 0; i < 40; ++i) {
        network.run_for(network.interval());
        REQUIRE(network.agrees_on(n));
      }
      CHECK(network.masters().size() >= bounds.masters_min);
      CHECK(network.masters().size() <= bounds.masters_max);
      CHECK(network.longest_list() <= bounds.list_max);
      if (n <= 25) check_roll_call(network, first(n));
    }
  }
}

TEST_CASE("sync: death: survivors agree and answer completely within eight intervals") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    LocalNetwork network({.seed = seed});
    start_with_roll_call(network, 9);
    REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
    network.run_for(5 * network.interval());
    network.kill(0);
    network.kill(1 + seed % 8);
    network.kill(1 + (seed + 3) % 8);
    network.run_for(8 * network.interval());
    REQUIRE(network.agrees_on(6));
    std::vector<std::size_t> running;
    for (std::size_t i = 1; i < 9; ++i) {
      if (i != 1 + seed % 8 && i != 1 + (seed + 3) % 8) running.push_back(i);
    }
    check_roll_call(network, running);
  }
}

TEST_CASE(
    "sync: new masters: that call are asked back at once, strangers' claims alone mean nothing") {
  LocalNetwork network({.sync_interval = Millis{16'000}});
  network.start(9);
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
  network.run_for(5 * network.interval());
  const Address master = network.masters().front();
  const auto claim = [&](const Address& caller) {
    HttpRequest request{.method = Method::post,
                        .path = "/api/node/structure",
                        .query = {},
                        .headers = {{wire::kFeatures, "x"}, {wire::kListLength, "5"}},
                        .body = {},
                        .remote_ip = IpAddress::loopback()};
    request.headers.add(wire::kOriginalAddress, caller.text());
    request.headers.add(wire::kNodeVersion, wire::kVersion);
    request.headers.add(wire::kNodeRoot, network.address(0).text());
    REQUIRE(network.respond(master, std::move(request)).status == 200);
  };
  const auto view_of = [&](const Address& address) {
    return network.node(static_cast<std::size_t>(address.port() - 7000)).peers().view();
  };
  int runs = 0;
  network.node(static_cast<std::size_t>(master.port() - 7000))
      .events()
      .on(Event::sync_finished, [&](const EventInfo&) { ++runs; });
  claim(*Address::parse("localhost:9999"));  // nobody is there
  network.run_for(std::chrono::seconds{1});
  CHECK(runs == 1);
  CHECK_FALSE(view_of(master)->find_master(*Address::parse("localhost:9999")));
  for (std::uint16_t port = 9000; port < 9100; ++port) {
    claim(*Address::from_parts("localhost", port));
  }
  network.run_for(std::chrono::seconds{1});
  CHECK(runs <= 3);  // many claims, not many runs
  CHECK(view_of(master)->network_size() == 9);
}

TEST_CASE("sync: restart: killed nodes, the root among them, are back within three intervals") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    LocalNetwork network({.seed = seed});
    network.start(9);
    REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
    network.run_for(5 * network.interval());
    const std::size_t killed[] = {0, 1 + seed % 8, 1 + (seed + 3) % 8};
    for (const std::size_t i : killed) network.kill(i);
    REQUIRE(network.run_until([&] { return network.agrees_on(6); }, 8 * network.interval()));
    network.run_for(10 * network.interval());
    for (const std::size_t i : killed) network.restart(i);
    CHECK(network.run_until([&] { return network.agrees_on(9); }, 3 * network.interval()));
  }
}

TEST_CASE("sync: all masters die at once: the rest finds together through what it remembers") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed ", seed);
    LocalNetwork network({.seed = seed});
    network.start(25);
    REQUIRE(network.run_until([&] { return network.agrees_on(25); }, 10 * network.interval()));
    network.run_for(5 * network.interval());
    const std::vector<Address> masters = network.masters();
    for (const Address& master : masters) {
      network.kill(static_cast<std::size_t>(master.port() - 7000));
    }
    CHECK(network.run_until([&] { return network.agrees_on(25 - masters.size()); },
                            15 * network.interval()));
  }
}

TEST_CASE("sync: partition: each side is a network of its own, and one again after it heals") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed ", seed);
    LocalNetwork network({.seed = seed});
    network.start(25);
    REQUIRE(network.run_until([&] { return network.agrees_on(25); }, 10 * network.interval()));
    network.run_for(5 * network.interval());
    network.cut(10);
    network.run_for(30 * network.interval());
    CHECK(network.node(0).peers().view()->network_size() == 10);
    CHECK(network.node(24).peers().view()->network_size() == 15);
    network.heal();
    CHECK(network.run_until([&] { return network.agrees_on(25); }, 10 * network.interval()));
  }
}

TEST_CASE("sync: initial address: a node whose entry is dead joins through peers in its storage") {
  LocalNetwork network;
  network.start(9);
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
  network.run_for(5 * network.interval());
  network.kill(5);
  network.kill(0);  // the entry of all others
  REQUIRE(network.run_until([&] { return network.agrees_on(7); }, 10 * network.interval()));
  network.restart(5);
  CHECK(network.run_until([&] { return network.agrees_on(8); }, 5 * network.interval()));
}

TEST_CASE("sync: initial address: a node that has not joined yet does not claim to speak for all") {
  LocalNetwork network;
  add_roll_call(network.add());
  add_roll_call(network.add());
  REQUIRE(network.node(1).start());  // the one it would join through is not there yet
  network.run_for(3 * network.interval());
  const auto alone = network.node(1).traverse("roll-call", Json::object());
  REQUIRE(alone);
  CHECK(alone->nodes_answered == 1);
  CHECK_FALSE(alone->complete);
  REQUIRE(network.node(0).start());
  REQUIRE(network.run_until([&] { return network.agrees_on(2); }, 20 * network.interval()));
  check_roll_call(network, first(2));
}

TEST_CASE("sync: clocks: machines an hour apart form a network and answer completely") {
  LocalNetwork network;
  for (int i = 0; i < 9; ++i) {
    add_roll_call(network.add(std::chrono::hours{i % 3 - 1}));
  }
  for (std::size_t i = 0; i < 9; ++i) REQUIRE(network.node(i).start());
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
  check_roll_call(network, first(9));
}

TEST_CASE("sync: goodbye: a node that stops in order leaves no gap") {
  LocalNetwork network;
  start_with_roll_call(network, 9);
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
  network.run_for(5 * network.interval());
  network.node(4).stop();
  CHECK(network.run_until(
      [&] {
        const auto result = network.node(1).traverse("roll-call", Json::object());
        return result && result->complete && result->nodes_asked == 8;
      },
      4 * network.interval()));
}

TEST_CASE("sync: silent node: costs its own answer and is named, whichever node it is") {
  for (std::size_t silent = 0; silent < 9; ++silent) {
    INFO("silent ", silent);
    LocalNetwork network({.seed = silent + 1});
    start_with_roll_call(network, 9);
    REQUIRE(network.run_until([&] { return network.agrees_on(9); }, 10 * network.interval()));
    network.run_for(5 * network.interval());
    network.hang(silent);
    const std::size_t coordinator = (silent + 1) % 9;
    const TimePoint begun = network.clock().now();
    const auto result = network.node(coordinator).traverse("roll-call", Json::object());
    REQUIRE(result);
    CHECK(network.clock().now() - begun <= std::chrono::seconds{4});
    CHECK_FALSE(result->complete);
    CHECK(result->value.size() == 8);
    CHECK(result->nodes_asked == 9);
    CHECK(result->nodes_answered == 8);
    CHECK(result->masters_failed == 0);
    CHECK(result->silent == std::vector<Address>{LocalNetwork::address(silent)});
  }
}

TEST_CASE("sync: traffic: a settled network sends at most three requests per node and interval") {
  LocalNetwork network;
  network.start(100);
  REQUIRE(network.run_until([&] { return network.agrees_on(100); }, 10 * network.interval()));
  network.run_for(10 * network.interval());
  const std::uint64_t before = network.requests();
  network.run_for(20 * network.interval());
  const double per_node_and_interval = static_cast<double>(network.requests() - before) / 100 / 20;
  INFO(per_node_and_interval);
  CHECK(per_node_and_interval <= 3.5);
}

}  // namespace spreadable
