// What the command line makes of wrong usage, and which of several values for an option counts.
#include <doctest/doctest.h>

#include <csignal>
#include <fstream>

#include "tests/integration/cli_program.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

using Texts = std::vector<std::string>;
using Environment = std::vector<std::pair<std::string, std::string>>;

/// Checks that the program refuses to run: one line that has all of `said`, and exit code 2.
void check_misuse(Process::Options options, const Texts& said) {
  const Finished finished = run_process(std::move(options));
  INFO(finished.errors);
  CHECK(finished.exit_code == 2);
  CHECK(finished.output.empty());
  CHECK(is_one_line(finished.errors));
  for (const std::string& part : said) CHECK_MESSAGE(contains(finished.errors, part), part);
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("cli: usage: what is wrong with the command line is one line, exit code 2") {
  struct Row {
    Texts arguments;
    Texts said;
  };
  const std::vector<Row> rows{
      {{}, {"no command"}},
      {{"strat"}, {"unknown command \"strat\"", "spreadable --help"}},
      {{"start", "--prot", "4000"}, {"unknown flag \"--prot\"", "spreadable start --help"}},
      {{"start", "here"}, {"unknown argument \"here\""}},
      {{"start", "--port"}, {"--port"}},
      {{"start", "--port", "many"}, {"\"port\"", "\"many\"", "flag --port"}},
      {{"start", "--port", "65536"}, {"\"port\"", "65535", "flag --port"}},
      {{"start", "--port", "0"}, {"\"port\""}},
      {{"start", "--hostname", "no host"}, {"\"hostname\"", "flag --hostname"}},
      {{"start", "--initial-network-address", "a.com:1", "--initial-network-address", "b"},
       {"\"initialNetworkAddress\"", "flag --initial-network-address"}},
      {{"start", "--log-level", "loud"}, {"\"logger.level\"", "\"loud\"", "flag --log-level"}},
      {{"start", "--sync-interval", "1ms"}, {"\"network.syncInterval\"", "flag --sync-interval"}},
      {{"start", "--set", "network.syncIntervall=1s"},
       {"unknown option", "did you mean \"network.syncInterval\"", "flag --set"}},
      {{"start", "--set", "port"}, {"--set", "PATH=VALUE"}},
      {{"start", "--set", "network.auth.username=me"}, {"\"network.auth.password\""}},
      {{"dev"}, {"--nodes"}},
      {{"dev", "--nodes", "0"}, {"--nodes"}},
      {{"dev", "--nodes", "nine"}, {"--nodes", "nine"}},
      {{"dev", "--nodes", "9", "--base-port", "65530"}, {"65538", "flag --base-port"}},
      {{"dev", "--nodes", "9", "--sync-interval", "soon"}, {"\"soon\"", "flag --sync-interval"}},
      {{"dev", "--nodes", "9", "--timeout", "5s"}, {"--timeout", "--once"}},
      {{"dev", "--nodes", "9", "--once", "--timeout", "-5s"}, {"\"-5s\"", "flag --timeout"}},
      {{"status", "--address", "nowhere"}, {"\"nowhere\"", "flag --address"}},
      {{"status", "--user", "me"}, {"NAME:PASSWORD", "flag --user"}},
      {{"map", "--timeout", "never"}, {"\"never\"", "flag --timeout"}},
      {{"request"}, {"endpoint"}},
      {{"request", "a b"}, {"\"a b\" is no endpoint"}},
      {{"request", "count", "{\"word\":"}, {"argument JSON", "byte"}},
      {{"request", "count", "[1]"}, {"argument JSON", "object"}},
  };
  for (const Row& row : rows) check_misuse(program(row.arguments), row.said);
}

TEST_CASE("cli: environment: a variable that is unknown or ill-typed is named, exit code 2") {
  struct Row {
    std::string variable, value;
    Texts said;
  };
  for (const Row& row : std::vector<Row>{
           {"SPREADABLE_PROT", "4000", {"SPREADABLE_PROT"}},
           {"SPREADABLE_PORT", "many", {"\"port\"", "environment variable SPREADABLE_PORT"}},
           {"SPREADABLE_NETWORK_SYNC_INTERVAL",
            "never",
            {"\"network.syncInterval\"", "variable SPREADABLE_NETWORK_SYNC_INTERVAL"}},
           {"SPREADABLE_NETWORK_AUTH", "{\"password\":1}", {"SPREADABLE_NETWORK_AUTH"}},
       }) {
    for (const char* const command : {"start", "status", "map"}) {
      Process::Options options = program({command});
      options.environment = {{row.variable, row.value}};
      check_misuse(std::move(options), row.said);
    }
  }
}

TEST_CASE("cli: environment: a password that cannot be read is not shown") {
  Process::Options options = program({"start"});
  options.environment = {{"SPREADABLE_NETWORK_AUTH", "{\"username\":\"me\",\"password\":\"geheim"}};
  const Finished finished = run_process(std::move(options));
  CHECK(finished.exit_code == 2);
  CHECK(contains(finished.errors, "\"network.auth\""));
  CHECK_FALSE(contains(finished.errors, "geheim"));
}

TEST_CASE("cli: config: what is wrong with the file is one line that names it, exit code 2") {
  struct Row {
    std::string text;
    Texts said;
  };
  const TempDir folder;
  const std::string file = (folder.path() / "node.json").string();
  for (const Row& row : std::vector<Row>{
           {"{\"prot\": 4000}", {"unknown option \"prot\"", "did you mean \"port\"", file}},
           {"{\"network\": {\"syncInterval\": true}}", {"\"network.syncInterval\"", file}},
           {"{\"port\": 4000,\n  \"port\" 4}", {"line 2", file}},
           {"{\"port\": 4000} /* and", {"comment", file}},
           {"[4000]", {"object", file}},
           {"", {file}},
       }) {
    write_file(file, row.text);
    check_misuse(program({"start", "--config", file}), row.said);
    check_misuse(program({"status", "--config", file}), row.said);
  }
  check_misuse(program({"start", "--config", file + "5"}), {file + "5", "No such file"});
  check_misuse(program({"start", "--config", folder.path().string()}),
               {folder.path().string(), "directory"});
}

TEST_CASE("cli: options: flags outweigh the environment, and that the config file") {
  const TempDir folder;
  const std::string config = (folder.path() / "node.json").string();
  const std::uint16_t first = free_ports(3);
  const auto port = [&](int offset) { return std::to_string(first + offset); };
  write_file(config, "{\"port\": " + port(0) +
                         ", /* of this machine */ \"hostname\": \"localhost\",\n"
                         "// its state\n\"storage\": {\"path\": \"state\"}}");
  struct Row {
    Environment environment;
    Texts flags;
    int offset;
  };
  for (const Row& row : std::vector<Row>{
           {{}, {}, 0},
           {{{"SPREADABLE_PORT", port(1)}}, {}, 1},
           {{{"SPREADABLE_PORT", port(1)}}, {"--port", port(2)}, 2},
           {{{"SPREADABLE_PORT", "1"}}, {"--set", "port=" + port(2)}, 2},
       }) {
    Process::Options options = program({"start", "--json", "--config", config});
    options.arguments.insert(options.arguments.end(), row.flags.begin(), row.flags.end());
    options.environment = row.environment;
    options.folder = folder.path();
    Process node(std::move(options));
    const Json serving = read_event(node, "serving");
    INFO(node.errors());
    REQUIRE(serving.is_object());
    CHECK(serving["address"] == "localhost:" + port(row.offset));
    CHECK(serving["storage"] == (folder.path() / "state").string());
    node.signal(SIGTERM);
    CHECK(node.wait().value_or(-1) == 0);
  }
}

TEST_CASE("cli: help: every command explains itself, and the version is known") {
  for (const char* const command : {"start", "dev", "status", "map", "request"}) {
    const Finished help = run_program({command, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.errors.empty());
    CHECK(contains(help.output, std::string("Usage: spreadable ") + command));
    CHECK(contains(help.output, "--json"));
    CHECK(contains(run_program({"--help"}).output, command));
  }
  const Finished version = run_program({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.output.starts_with("spreadable "));
  // All options stand in the help of the command that takes them.
  CHECK(contains(run_program({"start", "--help"}).output, "network.serverMaxFails"));
}

}  // namespace spreadable
