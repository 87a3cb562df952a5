// `spreadable simulate` as a program.
#include <doctest/doctest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

Finished simulate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "simulate");
  return run_process({.program = SPREADABLE_PROGRAM, .arguments = std::move(arguments)});
}

}  // namespace

TEST_CASE("cli: simulate: prints one object for each seed, the same ones in each run") {
  const std::vector<std::string> arguments{"--scenario", "clock",     "--nodes", "20",    "--seed",
                                           "3..5",       "--minutes", "5",       "--json"};
  const Finished finished = simulate(arguments);
  CHECK(finished.exit_code == 0);
  std::istringstream lines(finished.output);
  std::uint64_t seed = 3;
  for (std::string line; std::getline(lines, line); ++seed) {
    const auto figures = parse_json(line);
    REQUIRE(figures);
    CHECK((*figures)["scenario"] == "clock");
    CHECK((*figures)["nodes"] == 20);
    CHECK((*figures)["seed"] == seed);
    CHECK((*figures)["ok"] == true);
    CHECK((*figures)["removed_after_s"].is_null());
    CHECK((*figures)["digest"].get<std::string>().size() == 16);
    for (const char* figure :
         {"converged_after_intervals", "coverage_mean", "coverage_min", "duplicates", "masters",
          "list_max", "messages_per_node_interval", "bytes_per_node_interval", "false_bans"}) {
      INFO(figure);
      CHECK(figures->contains(figure));
    }
  }
  CHECK(seed == 6);
  CHECK(simulate(arguments).output == finished.output);
}

TEST_CASE("cli: simulate: several seeds at a time give the same lines in the same order") {
  const std::vector<std::string> one{"--scenario", "loss",      "--nodes", "12",    "--seed",
                                     "1..6",       "--minutes", "5",       "--json"};
  std::vector<std::string> several = one;
  several.insert(several.end(), {"--jobs", "3"});
  CHECK(simulate(one).output == simulate(several).output);
}

TEST_CASE("cli: simulate: digests that are checked are equal") {
  const Finished finished = simulate(
      {"--scenario", "vote", "--nodes", "12", "--minutes", "8", "--check-digest", "--json"});
  CHECK(finished.output.find("played again") == std::string::npos);
  CHECK(finished.output.find("digest") != std::string::npos);
}

TEST_CASE("cli: simulate: a picture is a whole SVG document with all its curves") {
  const TempDir folder;
  const std::string path = (folder.path() / "loss.svg").string();
  const Finished finished =
      simulate({"--scenario", "loss", "--nodes", "12", "--minutes", "5", "--plot", path});
  CHECK(finished.exit_code == 0);
  std::ifstream file(path);
  const std::string svg((std::istreambuf_iterator<char>(file)), {});
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  for (const char* part : {"Coverage, %", "Network size, nodes", "Masters and lists", "Messages",
                           "time in minutes", "packets get lost"}) {
    INFO(part);
    CHECK(svg.find(part) != std::string::npos);
  }
  CHECK(simulate({"--scenario", "loss", "--nodes", "12", "--minutes", "5", "--plot", "/no/such/f"})
            .exit_code == 1);
}

TEST_CASE("cli: simulate: what nodes log goes to standard error, with time and place") {
  const Finished finished =
      simulate({"--scenario", "loss", "--nodes", "4", "--minutes", "5", "--log"});
  CHECK(finished.errors.find(" s, 10.0.0.1:80: node 10.0.0.1:80 is listening") !=
        std::string::npos);
  CHECK(finished.output.find("listening") == std::string::npos);
}

TEST_CASE("cli: simulate: a bound that is missed is told and gives status 1") {
  // Of twenty packets nineteen get lost.
  const Finished finished =
      simulate({"--scenario", "loss", "--nodes", "8", "--f", "0.95", "--minutes", "10"});
  CHECK(finished.exit_code == 1);
  CHECK(finished.output.find("loss of 8 nodes, seed 1: missed") != std::string::npos);
  CHECK(finished.output.find("missed: mean coverage is") != std::string::npos);
}

TEST_CASE("cli: simulate: wrong usage gives status 2 and says what is wrong") {
  struct Row {
    std::vector<std::string> arguments;
    const char* message;
  };
  for (const Row& row :
       {Row{{}, "--scenario"}, Row{{"--scenario", "none"}, "there is no scenario \"none\""},
        Row{{"--scenario", "join", "--nodes", "2"}, "4 nodes or more"},
        Row{{"--scenario", "join", "--f", "0.5"}, "has no share"},
        Row{{"--scenario", "join", "--seed", "9..1"}, "--seed"},
        Row{{"--scenario", "join", "--jobs", "0"}, "--jobs"},
        Row{{"--scenario", "join", "--seed", "1..2", "--plot", "x.svg"}, "--plot"},
        Row{{"--scenario", "join", "--seed", "x"}, "--seed"}}) {
    const Finished finished = simulate(row.arguments);
    INFO(finished.errors);
    CHECK(finished.exit_code == 2);
    CHECK(finished.errors.find(row.message) != std::string::npos);
  }
}

}  // namespace spreadable
