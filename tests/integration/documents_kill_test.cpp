// Nine nodes as nine processes, killed one after the other while clients write to them: what was
// acknowledged is read back.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "extensions/documents/client.h"
#include "services/system/system_random.h"
#include "tests/integration/process_network.h"
#include "tests/support/slowdown.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kNodes = 9;
constexpr std::size_t kWriters = 4;
constexpr std::size_t kDownMax = 3;  ///< nodes that are dead at the same time
/// Documents that one client adds before it turns to another node.
constexpr std::size_t kVisit = 20;
/// Documents that are asked for at a time when they are read back.
constexpr std::size_t kPage = 200;

/// How many times a node is killed. `scripts/test --long` asks for more.
int wanted_kills() {
  const char* const wanted = std::getenv("SPREADABLE_KILLS");
  return wanted == nullptr ? 10 : std::atoi(wanted);
}

Json document_of(const std::string& id) {
  return {{"id", id}, {"text", std::string(200, 'x') + id}};
}

/// Clients that add documents through nodes drawn at random, until they are told to stop.
class Writers {
 public:
  explicit Writers(ProcessNetwork& network) : network_(network) {
    for (std::size_t i = 0; i < kWriters; ++i) {
      threads_.emplace_back([this, i](const std::stop_token& stop) { write(i, stop); });
    }
  }

  [[nodiscard]] std::size_t acknowledged_count() const { return count_; }
  /// Ends them, and gives what nodes have acknowledged.
  [[nodiscard]] std::vector<std::string> finish() {
    threads_.clear();
    return acknowledged_;
  }
  [[nodiscard]] std::size_t failed_count() const { return failed_; }

 private:
  void write(std::size_t writer, const std::stop_token& stop) {
    SeededRandom random(writer + 1);
    std::size_t next = 0;
    while (!stop.stop_requested()) {
      documents::Client client(network_.client_options(random.below(kNodes)),
                               network_.client_parts());
      if (!client.init()) continue;
      for (std::size_t i = 0; i < kVisit && !stop.stop_requested(); ++i) {
        const std::string id = std::to_string(writer) + "-" + std::to_string(next++);
        if (!client.add("notes", document_of(id), {})) {
          ++failed_;  // it may be there or not; nobody was told that it is
          break;
        }
        const std::lock_guard lock(mutex_);
        acknowledged_.push_back(id);
        ++count_;
      }
    }
  }

  ProcessNetwork& network_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::size_t> failed_ = 0;
  std::mutex mutex_;
  std::vector<std::string> acknowledged_;
  std::vector<std::jthread> threads_;
};

/// Kills random nodes, each after some more documents have been acknowledged, and starts them again
/// in the order of their deaths. In the end all run.
void kill_at_random(ProcessNetwork& network, const Writers& writers, int kills) {
  SeededRandom random(1);
  std::vector<std::size_t> dead;
  for (int kill = 0; kill < kills; ++kill) {
    const std::size_t wanted = writers.acknowledged_count() + 1 + random.below(100);
    INFO("kill ", kill, ", ", writers.acknowledged_count(), " acknowledged");
    REQUIRE(ProcessNetwork::wait_until(
        [&] {
          std::this_thread::yield();
          return writers.acknowledged_count() >= wanted;
        },
        kSlowdown * 30s));
    const auto running = network.running();
    dead.push_back(running[random.below(running.size())]);
    network.kill(dead.back());
    const std::size_t stay = random.below(kDownMax + 1);
    while (dead.size() > stay) {
      network.start(dead.front());
      dead.erase(dead.begin());
    }
  }
  for (const std::size_t i : dead) network.start(i);
}

/// Of `ids` those whose documents a node does not give, or gives otherwise than they were added.
std::vector<std::string> missing_at(ProcessNetwork& network, std::size_t node,
                                    const std::vector<std::string>& ids) {
  documents::Client client(network.client_options(node), network.client_parts());
  if (!client.init()) return ids;
  const auto page = client.get("notes", {.filter = {{"id", {{"$in", ids}}}}});
  if (!page) return ids;
  std::set<std::string> found;
  for (const Json& document : page->documents) {
    const std::string id = document.value("id", "");
    if (document == document_of(id)) found.insert(id);
  }
  std::vector<std::string> missing;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(missing),
               [&](const std::string& id) { return !found.contains(id); });
  return missing;
}

/// Reads documents back, each through a node drawn at random; those that stay missing are lost.
std::vector<std::string> lost_of(ProcessNetwork& network, const std::vector<std::string>& ids) {
  SeededRandom random(2);
  std::vector<std::string> lost;
  for (std::size_t begin = 0; begin < ids.size(); begin += kPage) {
    std::vector<std::string> missing(
        ids.begin() + static_cast<std::ptrdiff_t>(begin),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(begin + kPage, ids.size())));
    // A node that is late with its answer once has lost nothing.
    for (int tries = 0; tries < 5 && !missing.empty(); ++tries) {
      missing = missing_at(network, random.below(kNodes), missing);
    }
    lost.insert(lost.end(), missing.begin(), missing.end());
  }
  return lost;
}

}  // namespace

TEST_CASE("documents: network: nodes killed under load lose no document that was acknowledged") {
  ProcessNetwork network(
      {.count = kNodes,
       .flags = {"--kind", "documents", "--set", R"(collections={"notes":{"pk":"id"}})", "--set",
                 "documents.repairInterval=2s"},
       .version = "metastocle-0.3"});
  REQUIRE(network.settles_within(40));
  const int kills = wanted_kills();
  const auto begun = std::chrono::steady_clock::now();
  Writers writers(network);
  kill_at_random(network, writers, kills);
  const auto took = std::chrono::steady_clock::now() - begun;
  const std::vector<std::string> acknowledged = writers.finish();
  REQUIRE(network.settles_within(60));
  const auto lost = lost_of(network, acknowledged);
  MESSAGE(kills, " kills in ", std::chrono::duration_cast<std::chrono::seconds>(took).count(),
          " s; ", acknowledged.size(), " documents acknowledged, ",
          acknowledged.size() - lost.size(), " read back; ", writers.failed_count(),
          " not acknowledged");
  INFO("lost: ", dump_json(lost));
  CHECK(lost.empty());
}

}  // namespace spreadable
