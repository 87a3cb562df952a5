#include "tests/integration/process_network.h"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <set>
#include <utility>

#include "core/network_map.h"
#include "tests/support/free_port.h"
#include "tests/support/slowdown.h"

namespace spreadable {

using namespace std::chrono_literals;

ProcessNetwork::ProcessNetwork(Options options)
    : options_(std::move(options)),
      base_(free_ports(options_.count)),
      parts_{*runtime_.transport(), *runtime_.clock(), *runtime_.random()} {
  for (std::size_t i = 0; i < options_.count; ++i) processes_.emplace_back();
  for (std::size_t i = 0; i < options_.count; ++i) start(i);
}

void ProcessNetwork::start_through(std::size_t i, const Address& initial) {
  std::vector<std::string> arguments{
      "start",       "--port",         std::to_string(address(i).port()),
      "--hostname",  "localhost",      "--sync-interval",
      "500ms",       "--storage-path", (folder_.path() / std::to_string(i)).string(),
      "--log-level", "warn",           "--json"};
  if (initial != address(i)) {
    arguments.insert(arguments.end(), {"--initial-network-address", initial.text()});
  }
  arguments.insert(arguments.end(), options_.flags.begin(), options_.flags.end());
  processes_[i] = std::make_unique<Process>(
      Process::Options{.program = SPREADABLE_PROGRAM, .arguments = std::move(arguments)});
}

void ProcessNetwork::kill(std::size_t i) {
  processes_[i]->signal(SIGKILL);
  REQUIRE(processes_[i]->wait());
  processes_[i].reset();
  for (const std::size_t other : running()) {
    static_cast<void>(processes_[other]->read_all(Millis{0}));
  }
}

Address ProcessNetwork::address(std::size_t i) const {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(base_ + i));
}

std::vector<std::size_t> ProcessNetwork::running() const {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i]) indexes.push_back(i);
  }
  return indexes;
}

Client::Options ProcessNetwork::client_options(std::size_t i) const {
  return {.address = {address(i)},
          .request = {.ping_timeout = kSlowdown * 300ms},
          .version = options_.version};
}

bool ProcessNetwork::agrees() {
  for (const std::size_t i : running()) {
    Client client = client_of(i);
    if (!client.init()) return false;
    const auto status = client.get("/status", kSlowdown * 1s);
    if (!status || (*status)["networkSize"] != running().size()) return false;
    if ((*status)["isRegistered"] != true) return false;
  }
  return true;
}

bool ProcessNetwork::is_complete() {
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

std::map<Address, Address> ProcessNetwork::masters_of_all() {
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

bool ProcessNetwork::wait_until(const std::function<bool()>& condition, Duration limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
  }
  return true;
}

bool ProcessNetwork::settles_within(int intervals) {
  const bool is_settled =
      wait_until([&] { return agrees() && is_complete(); }, kSlowdown * intervals * kInterval);
  if (!is_settled) tell();
  return is_settled;
}

bool ProcessNetwork::calms_within(int intervals) {
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

void ProcessNetwork::tell() {
  for (const std::size_t i : running()) {
    Client client = client_of(i);
    const auto status = client.init() ? client.get("/status", 1s) : Result<Json>(Json());
    MESSAGE(address(i).text(), ": ", status ? dump_json(*status) : status.error().message, "\n",
            processes_[i]->errors());
  }
}

}  // namespace spreadable
