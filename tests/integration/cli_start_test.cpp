// `spreadable start`: the life of one node as a process.
#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <set>

#include "tests/integration/cli_program.h"
#include "tests/support/free_port.h"
#include "tests/support/http_peer.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

/// A node may take ten seconds to end when requests are under way; here none are.
constexpr Millis kStopPatience{5'000};

Process::Options node_options(std::uint16_t port, const std::filesystem::path& storage) {
  return program({"start", "--json", "--hostname", "localhost", "--port", std::to_string(port),
                  "--storage-path", storage.string(), "--sync-interval", "200ms"});
}

/// Checks that it does not start: one line that names `what`, and exit code 1.
void check_failure(Process::Options options, const std::string& what) {
  const Finished finished = run_process(std::move(options));
  INFO(finished.errors);
  CHECK(finished.exit_code == 1);
  CHECK(finished.output.empty());
  CHECK(is_one_line(finished.errors));
  CHECK(contains(finished.errors, what));
}

/// Checks that its next lines are these, in whatever order they come: a node may learn of a peer
/// before or after it registers.
void check_lines(Process& node, std::set<std::string> expected) {
  while (!expected.empty()) {
    const auto line = node.read_line();
    INFO("expected ", *expected.begin());
    REQUIRE(line);
    CHECK_MESSAGE(expected.erase(*line) == 1, *line);
  }
}

}  // namespace

TEST_CASE("cli: start: what keeps a node from serving is one line that names it, exit code 1") {
  const TempDir folder;
  const std::filesystem::path storage = folder.path() / "state";
  const std::uint16_t port = free_port();
  SUBCASE("a busy port") {
    const SilentPeer other;
    check_failure(node_options(other.address().port(), storage),
                  std::to_string(other.address().port()));
  }
  SUBCASE("a hostname that does not resolve") {
    Process::Options options = node_options(port, storage);
    options.arguments.insert(options.arguments.end(), {"--set", "hostname=no.such.host.invalid"});
    check_failure(std::move(options), "no.such.host.invalid");
  }
  SUBCASE("a storage path below a file") {
    const std::filesystem::path file = folder.path() / "file";
    std::ofstream(file) << "text";
    check_failure(node_options(port, file / "state"), file.string());
  }
}

TEST_CASE("cli: start: a second process on the same storage ends, the first goes on") {
  const TempDir folder;
  const std::uint16_t port = free_ports(2);
  Process first(node_options(port, folder.path()));
  REQUIRE(read_event(first, "serving").is_object());
  check_failure(node_options(static_cast<std::uint16_t>(port + 1), folder.path()),
                folder.path().string());
  CHECK(first.is_running());
  const std::string address = "localhost:" + std::to_string(port);
  CHECK(run_program({"status", "--address", address}).exit_code == 0);
  first.signal(SIGTERM);
  CHECK(first.wait(kStopPatience).value_or(-1) == 0);
  // Nothing is left behind that would keep the next one off.
  Process next(node_options(port, folder.path()));
  CHECK(read_event(next, "serving").is_object());
}

TEST_CASE("cli: start: each of the usual signals ends it cleanly and soon, exit code 0") {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    const TempDir folder;
    Process node(node_options(free_port(), folder.path()));
    REQUIRE(read_event(node, "serving").is_object());
    node.signal(number);
    INFO("signal ", number);
    CHECK(node.wait(kStopPatience).value_or(-1) == 0);
    CHECK(node.read_all() == "{\"event\":\"stopped\"}\n");
  }
}

TEST_CASE("cli: start: events are told as they happen, as JSON or as lines") {
  const TempDir folder;
  const std::uint16_t port = free_ports(2);
  const std::string first_address = "localhost:" + std::to_string(port);
  const std::string second_address = "localhost:" + std::to_string(port + 1);
  Process first(node_options(port, folder.path() / "1"));
  const Json serving = read_event(first, "serving");
  CHECK(serving == Json{{"event", "serving"},
                        {"address", first_address},
                        {"storage", (folder.path() / "1").string()}});

  Process::Options options =
      node_options(static_cast<std::uint16_t>(port + 1), folder.path() / "2");
  std::erase(options.arguments, "--json");
  options.arguments.insert(options.arguments.end(), {"--initial-network-address", first_address});
  Process second(std::move(options));
  CHECK(second.read_line() ==
        "node " + second_address + " is serving, storage in " + (folder.path() / "2").string());
  check_lines(second, {"registered with " + first_address, "the network has 2 nodes"});
  check_lines(first, {dump_json({{"event", "registered"}, {"master", second_address}}),
                      dump_json({{"event", "size"}, {"networkSize", 2}})});

  second.signal(SIGTERM);
  CHECK(second.read_until("node " + second_address + " has stopped"));
  CHECK(second.wait(kStopPatience).value_or(-1) == 0);
  CHECK(read_event(first, "size")["networkSize"] == 1);
}

TEST_CASE("cli: start: logs go to standard error, at the level asked for") {
  for (const auto& [level, is_logged] : {std::pair{"info", true}, std::pair{"off", false}}) {
    const TempDir folder;
    Process::Options options = node_options(free_port(), folder.path());
    options.arguments.insert(options.arguments.end(), {"--log-level", level});
    Process node(std::move(options));
    REQUIRE(read_event(node, "serving").is_object());
    node.signal(SIGTERM);
    CHECK(node.wait(kStopPatience).value_or(-1) == 0);
    CHECK(contains(node.errors(), "is listening") == is_logged);
  }
}

}  // namespace spreadable
