// Nine nodes as nine processes: what `kill -9`, a stopped process and a restart cost.
#include <doctest/doctest.h>

#include <csignal>
#include <deque>
#include <map>
#include <set>

#include "core/network_map.h"
#include "services/spreadable.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/slowdown.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

using namespace std::chrono_literals;

constexpr Millis kInterval = 500ms;

/// Nodes run by the command line, seen only through their client routes.
class ProcessNetwork {
 public:
  explicit ProcessNetwork(std::size_t count) : base_(free_ports(count)) {
    for (std::size_t i = 0; i < count; ++i) processes_.emplace_back();
    for (std::size_t i = 0; i < count; ++i) start(i);
  }

  void start(std::size_t i) { start_through(i, address(0)); }
  void start_through(std::size_t i, const Address& initial) {
    std::vector<std::string> arguments{
        "start",       "--port",         std::to_string(address(i).port()),
        "--hostname",  "localhost",      "--sync-interval",
        "500ms",       "--storage-path", (folder_.path() / std::to_string(i)).string(),
        "--log-level", "warn",           "--json"};
    if (initial != address(i)) {
      arguments.insert(arguments.end(), {"--initial-network-address", initial.text()});
    }
    processes_[i] = std::make_unique<Process>(
        Process::Options{.program = SPREADABLE_PROGRAM, .arguments = std::move(arguments)});
  }
  void kill(std::size_t i) {
    processes_[i]->signal(SIGKILL);
    REQUIRE(processes_[i]->wait());
    processes_[i].reset();
  }
  void freeze(std::size_t i) { processes_[i]->freeze(); }
  void thaw(std::size_t i) { processes_[i]->signal(SIGCONT); }

  [[nodiscard]] Address address(std::size_t i) const {
    return *Address::from_parts("localhost", static_cast<std::uint16_t>(base_ + i));
  }
  [[nodiscard]] std::vector<std::size_t> running() const {
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      if (processes_[i]) indexes.push_back(i);
    }
    return indexes;
  }
  [[nodiscard]] Client client_of(std::size_t i) {
    return Client({.address = {address(i)}, .request = {.ping_timeout = kSlowdown * 300ms}},
                  {*runtime_.transport(), *runtime_.clock(), *runtime_.random()});
  }

  /// Whether every running node is registered and sees as many nodes as there are.
  [[nodiscard]] bool agrees() {
    for (const std::size_t i : running()) {
      Client client = client_of(i);
      if (!client.init()) return false;
      const auto status = client.get("/status", kSlowdown * 1s);
      if (!status || (*status)["networkSize"] != running().size()) return false;
      if ((*status)["isRegistered"] != true) return false;
    }
    return true;
  }
  /// Whether a traversal from every running node reaches all of them, each once.
  [[nodiscard]] bool is_complete() {
    for (const std::size_t i : running()) {
      Client client = client_of(i);
      if (!client.init()) return false;
      const auto result = client.traverse(NetworkMapAction::kName, Json::object(), {.timeout = 3s});
      if (!result || !result->complete) return false;
      const auto map = NetworkMapAction::parse(result->value);
      std::set<Address> distinct;
      for (const MapEntry& entry : *map) distinct.insert(entry.address);
      if (distinct.size() != running().size() || map->size() != running().size()) return false;
    }
    return true;
  }
  /// Each node's master, as the first node hears it.
  [[nodiscard]] std::map<Address, Address> masters_of_all() {
    Client client = client_of(running().front());
    REQUIRE(client.init());
    const auto result = client.traverse(NetworkMapAction::kName, Json::object(), {.timeout = 3s});
    REQUIRE(result);
    const auto map = NetworkMapAction::parse(result->value);
    REQUIRE(map);
    std::map<Address, Address> masters;
    for (const MapEntry& entry : *map) masters[entry.address] = entry.backlink;
    return masters;
  }
  /// Asks again and again until `condition` holds; each question takes a round trip.
  [[nodiscard]] bool wait_until(const std::function<bool()>& condition, Duration limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
    }
    return true;
  }
  [[nodiscard]] bool settles_within(int intervals) {
    const bool is_settled =
        wait_until([&] { return agrees() && is_complete(); }, kSlowdown * intervals * kInterval);
    if (!is_settled) tell();
    return is_settled;
  }
  /// Settles, and then stays as it is for two intervals: nobody is being moved any more.
  [[nodiscard]] bool calms_within(int intervals) {
    std::map<Address, Address> seen;
    auto since = std::chrono::steady_clock::now();
    const bool is_calm = wait_until(
        [&] {
          const auto now = std::chrono::steady_clock::now();
          std::map<Address, Address> masters;
          if (agrees() && is_complete()) masters = masters_of_all();
          if (masters.empty() || masters != seen) {
            seen = std::move(masters);
            since = now;
          }
          return now - since >= kSlowdown * 2 * kInterval;
        },
        kSlowdown * intervals * kInterval);
    if (!is_calm) tell();
    return is_calm;
  }
  /// What each node says about itself, and has written to its log.
  void tell() {
    for (const std::size_t i : running()) {
      Client client = client_of(i);
      const auto status = client.init() ? client.get("/status", 1s) : Result<Json>(Json());
      MESSAGE(address(i).text(), ": ", status ? dump_json(*status) : status.error().message, "\n",
              processes_[i]->errors());
    }
  }

 private:
  TempDir folder_;
  const std::uint16_t base_;
  Runtime runtime_;
  std::deque<std::unique_ptr<Process>> processes_;
};

}  // namespace

TEST_CASE("processes: formation: nine started at once are one network in ten intervals") {
  ProcessNetwork network(9);
  CHECK(network.settles_within(10));
}

TEST_CASE(
    "processes: kill -9: the others agree within eight intervals, the restarted are back in "
    "three") {
  ProcessNetwork network(9);
  REQUIRE(network.settles_within(20));
  for (const std::size_t i : {0U, 3U, 7U}) network.kill(i);  // the root among them
  CHECK(network.settles_within(8));
  for (const std::size_t i : {0U, 3U, 7U}) network.start(i);
  // A process needs a moment until it serves; that is not part of the promise.
  for (const std::size_t i : {0U, 3U, 7U}) {
    Client client = network.client_of(i);
    REQUIRE(network.wait_until([&] { return client.init().has_value(); }, kSlowdown * 5s));
  }
  CHECK(network.settles_within(3));
}

TEST_CASE(
    "processes: initial address: dead at the start, a node joins through peers in its storage") {
  ProcessNetwork network(4);
  REQUIRE(network.settles_within(20));
  // Known peers are saved at least once an interval while they change.
  network.kill(3);
  network.kill(0);
  REQUIRE(network.settles_within(12));
  network.start(3);
  CHECK(network.settles_within(12));
}

TEST_CASE("processes: stopped process: costs its own answer only, whichever it is, and is named") {
  ProcessNetwork network(9);
  for (const std::size_t stopped : {0U, 1U, 2U, 4U, 8U}) {
    INFO("stopped ", network.address(stopped).text());
    REQUIRE(network.calms_within(20));
    Client client = network.client_of((stopped + 1) % 9);
    REQUIRE(client.init());
    network.freeze(stopped);
    const auto begun = std::chrono::steady_clock::now();
    const auto result = client.traverse(NetworkMapAction::kName, Json::object(), {.timeout = 4s});
    const auto took = std::chrono::steady_clock::now() - begun;
    network.thaw(stopped);
    REQUIRE(result);
    CHECK(took < 4s);
    CHECK_FALSE(result->complete);
    CHECK(result->value.size() == 8);
    CHECK(result->nodes_asked == 9);
    CHECK(result->silent == std::vector<Address>{network.address(stopped)});
  }
}

TEST_CASE("processes: end: SIGTERM and SIGINT end a node cleanly") {
  for (const int number : {SIGTERM, SIGINT}) {
    ProcessNetwork network(3);
    REQUIRE(network.settles_within(20));
    Process node({.program = SPREADABLE_PROGRAM,
                  .arguments = {"start", "--port", std::to_string(free_port()), "--hostname",
                                "localhost", "--initial-network-address", network.address(0).text(),
                                "--set", "storage.path=:memory:", "--json"}});
    REQUIRE(node.read_until("registered"));
    node.signal(number);
    const auto code = node.wait(10s);
    REQUIRE(code);
    CHECK(*code == 0);
  }
}

}  // namespace spreadable
