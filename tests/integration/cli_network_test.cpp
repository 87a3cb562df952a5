// The commands that look at a network: `status`, `map`, `request` and `dev`.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/integration/cli_program.h"
#include "tests/support/free_port.h"
#include "tests/support/http_peer.h"

namespace spreadable {
namespace {

using Texts = std::vector<std::string>;

/// Two nodes that know each other.
class Pair {
 public:
  explicit Pair(const Texts& flags = {}, std::string sync_interval = "200ms")
      : sync_interval_(std::move(sync_interval)) {
    first_.emplace(node(0, flags));
    Texts joining = flags;
    joining.insert(joining.end(), {"--initial-network-address", address(0)});
    second_.emplace(node(1, joining));
    for (auto* one : {&*first_, &*second_}) {
      REQUIRE(read_event(*one, "size")["networkSize"] == 2);
    }
  }

  [[nodiscard]] std::string address(int index) const {
    return "localhost:" + std::to_string(port_ + index);
  }
  [[nodiscard]] Process& second() { return *second_; }

  /// Runs a command on the first node.
  [[nodiscard]] Finished ask(Texts arguments, std::string input = {}) const {
    arguments.insert(arguments.end(), {"--address", address(0)});
    Process::Options options = program(std::move(arguments));
    options.input = std::move(input);
    return run_process(std::move(options));
  }

 private:
  [[nodiscard]] Process::Options node(int index, const Texts& flags) const {
    Texts arguments{"start",           "--json",       "--hostname",
                    "localhost",       "--port",       std::to_string(port_ + index),
                    "--sync-interval", sync_interval_, "--storage-path",
                    ":memory:",        "--log-level",  "error"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return program(std::move(arguments));
  }

  const std::string sync_interval_;
  const std::uint16_t port_ = free_ports(2);
  std::optional<Process> first_;
  std::optional<Process> second_;
};

}  // namespace

TEST_CASE("cli: status: shows what a node says of itself") {
  const Pair pair;
  const Finished text = pair.ask({"status"});
  CHECK(text.exit_code == 0);
  CHECK(text.errors.empty());
  CHECK(contains(text.output, "network size         2\n"));
  CHECK(contains(text.output, pair.address(0)));

  const Finished json = pair.ask({"status", "--json"});
  CHECK(is_one_line(json.output));
  CHECK(parse_json(json.output).value()["networkSize"] == 2);

  // The port alone, from the environment.
  Process::Options options = program({"status", "--json"});
  options.environment = {{"SPREADABLE_PORT", pair.address(0).substr(10)}};
  CHECK(run_process(std::move(options)).exit_code == 0);
}

TEST_CASE("cli: map: shows who is in whose list") {
  const Pair pair;
  const Finished text = pair.ask({"map"});
  INFO(text.output);
  CHECK(text.exit_code == 0);
  CHECK(contains(text.output, pair.address(0) + "  1 slave\n  " + pair.address(1) + "\n"));
  CHECK(contains(text.output, pair.address(1) + "  1 slave\n  " + pair.address(0) + "\n"));
  CHECK(contains(text.output, "\n2 of 2 nodes answered, 2 masters, "));

  const Finished json = pair.ask({"map", "--json"});
  CHECK(json.exit_code == 0);
  CHECK(is_one_line(json.output));
  const Json map = parse_json(json.output).value();
  CHECK(map["complete"] == true);
  CHECK(map["value"].size() == 2);
}

TEST_CASE("cli: map: names who is silent, and exits with 1") {
  // The first node must not yet have dropped the second when it is asked.
  Pair pair({}, "10s");
  pair.second().signal(SIGSTOP);
  const Finished text = pair.ask({"map", "--timeout", "2s"});
  INFO(text.output, text.errors);
  CHECK(text.exit_code == 1);
  CHECK(contains(text.output, "silent\n  " + pair.address(1) + "\n"));
  CHECK(contains(text.output, "1 of 2 nodes answered"));
}

TEST_CASE("cli: map: one node's nonsense leaves the rest of it as it is") {
  HttpPeer peer([](const HttpRequest& request) {
    if (request.path == "/ping") return HttpPeer::ok(R"({"version":"x","address":"localhost:1"})");
    const Json node{{"address", "localhost:1"}, {"backlink", nullptr}, {"slaves", 0}};
    return HttpPeer::ok(dump_json({{"value", Json::array({"nonsense", node, Json::object()})},
                                   {"nodesAsked", 3},
                                   {"nodesAnswered", 3},
                                   {"mastersAsked", 1},
                                   {"mastersFailed", 0},
                                   {"silent", Json::array()},
                                   {"complete", true}}));
  });
  const Finished text = run_process(program({"map", "--address", peer.address().text()}));
  INFO(text.output, text.errors);
  CHECK(text.exit_code == 0);
  CHECK(contains(text.output, "in no list\n  localhost:1\n"));
  CHECK(contains(text.output, "entries left out, since they make no sense: 2\n"));
  CHECK(contains(text.output, "\n3 of 3 nodes answered, 1 master, "));
}

TEST_CASE("cli: request: prints the answer, or the error with its code") {
  const Pair pair;
  const Finished answer = pair.ask({"request", "get-available-node"});
  CHECK(answer.exit_code == 0);
  CHECK(is_one_line(answer.output));
  CHECK(parse_json(answer.output).value().contains("address"));

  const Finished from_input = pair.ask({"request", "network-map", "-", "--json"}, "{\"any\": 1}");
  CHECK(parse_json(from_input.output).value()["nodesAnswered"] == 2);
  CHECK(pair.ask({"request", "network-map", "-"}, "{\"any\"").exit_code == 2);

  const Finished unknown = pair.ask({"request", "nothing"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.output.empty());
  CHECK(is_one_line(unknown.errors));
  CHECK(contains(unknown.errors, "(not_found)"));
}

TEST_CASE("cli: request: on a terminal the answer is indented") {
  const Pair pair;
  Process::Options options =
      program({"request", "get-available-node", "--address", pair.address(0)});
  options.terminal.emplace();
  Process request(std::move(options));
  CHECK(request.read_line() == "{");
  CHECK(request.read_until("  \"address\": "));
  CHECK(request.wait().value_or(-1) == 0);
}

TEST_CASE("cli: client commands: a node that is not there is one line, exit code 1") {
  const std::string nobody = refused_address().text();
  for (const Texts& command : {Texts{"status"}, Texts{"map"}, Texts{"request", "count"}}) {
    Texts arguments = command;
    arguments.insert(arguments.end(), {"--address", nobody});
    const Finished finished = run_program(arguments);
    CHECK(finished.exit_code == 1);
    CHECK(finished.output.empty());
    CHECK(is_one_line(finished.errors));
    CHECK(contains(finished.errors, nobody));
  }
}

TEST_CASE("cli: closed network: opens by flag and by environment") {
  const Pair pair({"--set", "network.auth.username=me", "--set", "network.auth.password=geheim"});
  CHECK(pair.ask({"status"}).exit_code == 1);
  CHECK(pair.ask({"status", "--user", "me:wrong"}).exit_code == 1);
  CHECK(pair.ask({"status", "--user", "me:geheim"}).exit_code == 0);
  Process::Options options = program({"map", "--address", pair.address(0)});
  options.environment = {{"SPREADABLE_NETWORK_AUTH_USERNAME", "me"},
                         {"SPREADABLE_NETWORK_AUTH_PASSWORD", "geheim"}};
  CHECK(run_process(std::move(options)).exit_code == 0);
}

TEST_CASE("cli: dev: with --once it ends when all nodes agree") {
  const std::string base = std::to_string(free_ports(9));
  Process dev(program({"dev", "--nodes", "9", "--base-port", base, "--sync-interval", "200ms",
                       "--once", "--json"}));
  CHECK(read_event(dev, "serving")["nodes"] == 9);
  const Json agreed = read_event(dev, "agreed");
  REQUIRE(agreed.is_object());
  CHECK(agreed["agreeing"] == 9);
  CHECK(agreed["masters"] >= 2);
  CHECK(agreed["longestList"] >= 2);
  CHECK(dev.read_line() == "{\"event\":\"stopped\"}");
  CHECK(dev.wait().value_or(-1) == 0);
}

TEST_CASE("cli: dev: with --once it fails when the nodes do not agree in time") {
  const std::string base = std::to_string(free_ports(9));
  const Finished dev =
      run_program({"dev", "--nodes", "9", "--base-port", base, "--once", "--timeout", "1ms"});
  CHECK(dev.exit_code == 1);
  CHECK(dev.errors.ends_with("of 9 nodes agree after 1ms\n"));  // below what the nodes have logged
}

TEST_CASE("cli: dev: a busy port is named, exit code 1") {
  const SilentPeer other;
  const Finished dev =
      run_program({"dev", "--nodes", "1", "--base-port", std::to_string(other.address().port())});
  CHECK(dev.exit_code == 1);
  CHECK(is_one_line(dev.errors));
  CHECK(contains(dev.errors, other.address().text()));
}

TEST_CASE("cli: dev: without a terminal it writes lines until a signal comes") {
  const std::string base = std::to_string(free_ports(3));
  Process dev(program({"dev", "--nodes", "3", "--base-port", base, "--sync-interval", "200ms"}));
  CHECK(dev.read_until("3 nodes on localhost:" + base));
  CHECK(dev.read_until("all 3 nodes agree on the size"));
  dev.signal(SIGINT);
  CHECK(dev.read_until("stopped"));
  CHECK(dev.wait().value_or(-1) == 0);
}

TEST_CASE("cli: dev: on a terminal it draws a table, and leaves the terminal as it was") {
  const std::string base = std::to_string(free_ports(3));
  Process::Options options =
      program({"dev", "--nodes", "3", "--base-port", base, "--sync-interval", "200ms"});
  options.terminal.emplace();
  Process dev(std::move(options));
  const auto begin = dev.read_line();
  REQUIRE(begin);
  CHECK(begin->starts_with("\x1b[?1049h"));
  CHECK(dev.read_until("all 3 nodes agree on the size"));
  CHECK(dev.read_until("master  slaves  in its list"));
  CHECK(dev.read_until(" " + base));
  dev.signal(SIGTERM);
  CHECK(contains(dev.read_all(),
                 "\x1b[?1049l"
                 "all 3 nodes agree on the size"));
  CHECK(dev.wait().value_or(-1) == 0);
}

}  // namespace spreadable
