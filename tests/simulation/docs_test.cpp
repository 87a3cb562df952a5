// docs/simulation.md shows what is compiled here.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "services/simulation/scenario.h"

namespace spreadable {
namespace {

std::string read(const char* path) {
  std::ifstream file(std::filesystem::path(SPREADABLE_SOURCE_DIR) / path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("simulation: docs: the example is the one that is compiled and run, in under 40 lines") {
  const std::string example = read("tests/simulation/example_test.cpp");
  REQUIRE_FALSE(example.empty());
  CHECK(std::count(example.begin(), example.end(), '\n') < 40);
  CHECK(read("docs/simulation.md").find(example) != std::string::npos);
}

TEST_CASE("simulation: docs: every scenario is described") {
  const std::string page = read("docs/simulation.md");
  for (const ScenarioInfo& info : scenario_table()) {
    INFO(info.name);
    CHECK(page.find("`" + std::string(info.name) + "`") != std::string::npos);
  }
}

}  // namespace spreadable
