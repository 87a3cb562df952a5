// Documents in whole networks: what dies, what is cut off, and what must be there afterwards.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/kind.h"
#include "services/simulation/simulation.h"
#include "services/system/system_random.h"

namespace spreadable::documents {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// A simulation of nodes that keep collection `things`, on disks that outlive them.
class Network {
 public:
  Network(std::size_t nodes, std::uint64_t seed, Json collection = {{"pk", "id"}})
      : collection_(std::move(collection)),
        simulation_(
            {.nodes = nodes,
             .seed = seed,
             .make_node = [this](NodeOptions options, Environment environment, std::size_t index) {
               auto& disk = disks_[index];
               if (!disk) disk = std::make_shared<MemoryDisk>();
               options.kind = kKind;
               REQUIRE(set_kind_options(options, {.collections = {{"things", collection_}},
                                                  .has_open_permissions = true}));
               equip(environment, options, {.disk = disk});
               return std::make_unique<Node>(std::move(options), std::move(environment));
             }}) {
    simulation_.start();
    REQUIRE(simulation_.run_until([&] { return simulation_.is_settled(); }, minutes{10}));
  }

  [[nodiscard]] Simulation& simulation() { return simulation_; }
  [[nodiscard]] Documents& at(std::size_t index) {
    return *simulation_.node(index).services().find<Documents>();
  }
  [[nodiscard]] Documents::Request request(std::size_t index, seconds time = seconds{10}) {
    return {.collection = "things",
            .deadline = Deadline::after(simulation_.node(index).clock(), time)};
  }
  Result<Json> add(std::size_t index, Json document) {
    auto asked = request(index);
    asked.document = std::move(document);
    return at(index).add(asked);
  }
  /// All documents as the network gives them at that node, by pk.
  [[nodiscard]] std::map<std::string, Json> all(std::size_t index) {
    std::map<std::string, Json> documents;
    const auto page = at(index).get(request(index, seconds{30}));
    if (!page) return documents;
    for (const Json& document : page->documents) {
      documents[document["id"].get<std::string>()] = document;
    }
    return documents;
  }
  [[nodiscard]] std::size_t copies(const std::string& id) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < simulation_.size(); ++i) {
      if (!simulation_.is_up(i)) continue;
      if (at(i).store().find("things")->find(id)->has_value()) ++count;
    }
    return count;
  }

 private:
  const Json collection_;
  std::map<std::size_t, std::shared_ptr<MemoryDisk>> disks_;
  Simulation simulation_;
};

/// Adds `count` documents through random nodes that are up; the pks of those acknowledged.
std::set<std::string> add_many(Network& network, std::size_t count, Random& random,
                               const std::string& prefix = "d") {
  std::set<std::string> acknowledged;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t index = random.below(network.simulation().size());
    while (!network.simulation().is_up(index)) index = random.below(network.simulation().size());
    const std::string id = prefix + std::to_string(i);
    if (network.add(index, {{"id", id}, {"n", i}})) acknowledged.insert(id);
  }
  return acknowledged;
}

std::size_t lost(const std::set<std::string>& acknowledged,
                 const std::map<std::string, Json>& found) {
  return static_cast<std::size_t>(
      std::count_if(acknowledged.begin(), acknowledged.end(),
                    [&](const std::string& id) { return !found.contains(id); }));
}

}  // namespace

TEST_CASE("documents: thousand: added through random nodes, all are found through every node") {
  Network network(25, 11);
  SeededRandom random(5);
  const auto acknowledged = add_many(network, 1'000, random);
  CHECK(acknowledged.size() == 1'000);
  for (std::size_t i = 0; i < 25; ++i) CHECK(lost(acknowledged, network.all(i)) == 0);
  network.simulation().run_for(minutes{5});
  std::map<std::size_t, std::size_t> by_copies;
  for (const std::string& id : acknowledged) ++by_copies[network.copies(id)];
  CHECK(Json(by_copies).dump() == "[[5,1000]]");
}

TEST_CASE("documents: deaths: half of a hundred nodes die, and at most 3 of 1,000 are lost") {
  Network network(100, 12);
  SeededRandom random(6);
  const auto acknowledged = add_many(network, 1'000, random);
  REQUIRE(acknowledged.size() == 1'000);
  network.simulation().run_for(minutes{1});
  for (const std::string& id : acknowledged) CHECK(network.copies(id) >= 10);
  std::vector<std::size_t> order(99);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i + 1;
  random.shuffle(order);
  for (std::size_t i = 0; i < 50; ++i) network.simulation().crash(order[i], Death::machine);
  network.simulation().run_for(minutes{5});
  const std::size_t missing = lost(acknowledged, network.all(0));
  MESSAGE("lost of 1,000: ", missing);
  CHECK(missing <= 3);
  network.simulation().run_for(minutes{10});
  std::size_t few = 0;
  for (const std::string& id : acknowledged) {
    const std::size_t copies = network.copies(id);
    few += copies > 0 && copies < 8 ? 1 : 0;  // of 50 nodes
  }
  CHECK(few == 0);
}

TEST_CASE("documents: partition: nothing acknowledged is lost, and all agree afterwards") {
  for (const std::uint64_t seed : {21U, 22U, 23U}) {
    CAPTURE(seed);
    Network network(20, seed);
    SeededRandom random(seed);
    auto acknowledged = add_many(network, 100, random);
    network.simulation().run_for(minutes{2});
    auto& simulation = network.simulation();
    simulation.network().cut(simulation.machines(0, 10), simulation.machines(10, 20));
    simulation.run_for(minutes{4});
    acknowledged.merge(add_many(network, 50, random, "e"));
    // Both sides change the same documents.
    for (const std::size_t index : {3U, 15U}) {
      auto asked = network.request(index);
      asked.actions = {{"filter", {{"n", {{"$lt", 40}}}}}};
      asked.document = {{"side", index}};
      CHECK(network.at(index).update(asked).has_value());
    }
    simulation.run_for(minutes{6});
    simulation.network().heal();
    simulation.run_for(minutes{15});
    const auto first = network.all(0);
    CHECK(lost(acknowledged, first) == 0);
    for (std::size_t i = 1; i < 20; ++i) CHECK(network.all(i) == first);
  }
}

TEST_CASE("documents: crashes: a node that ends and begins again has what it had acknowledged") {
  Network network(9, 31);
  SeededRandom random(8);
  auto& simulation = network.simulation();
  std::set<std::string> acknowledged;
  for (int round = 0; round < 20; ++round) {
    const std::size_t victim = 1 + random.below(8);
    acknowledged.merge(add_many(network, 10, random, "r" + std::to_string(round) + "-"));
    simulation.crash(victim);
    acknowledged.merge(add_many(network, 10, random, "s" + std::to_string(round) + "-"));
    simulation.start(victim);
    simulation.run_for(seconds{20});
  }
  simulation.run_for(minutes{5});
  CHECK(acknowledged.size() > 380);
  CHECK(lost(acknowledged, network.all(0)) == 0);
}

TEST_CASE("documents: determinism: equal seeds give equal runs") {
  const auto digest = [] {
    Network network(9, 41);
    SeededRandom random(9);
    add_many(network, 30, random);
    network.simulation().run_for(minutes{3});
    return network.simulation().digest();
  };
  CHECK(digest() == digest());
}

}  // namespace spreadable::documents
