// The rules of the house that a script can see. SPREADABLE_SOURCE_DIR is the root of the
// repository.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SPREADABLE_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// All C++ files below `folders`, as paths from the root.
std::vector<fs::path> code_below(const std::vector<std::string>& folders) {
  std::vector<fs::path> files;
  for (const std::string& folder : folders) {
    if (!fs::exists(kRoot / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      const fs::path extension = entry.path().extension();
      if (extension == ".h" || extension == ".cpp")
        files.push_back(entry.path().lexically_relative(kRoot));
    }
  }
  std::sort(files.begin(), files.end());
  REQUIRE_FALSE(files.empty());
  return files;
}

const std::vector<std::string> kProduct{"core", "services", "extensions", "cli"};

}  // namespace

TEST_CASE("tidy: layers: no file includes one of a layer above its own") {
  const std::map<std::string, int> layers{
      {"core", 0}, {"services", 1}, {"extensions", 2}, {"cli", 3}};
  const std::regex include("#include \"([a-z]+)/[^\"]+\"");
  for (const fs::path& path : code_below(kProduct)) {
    const std::string text = read(kRoot / path);
    const int own = layers.at(path.begin()->string());
    for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
      const auto layer = layers.find((*it)[1]);
      INFO(path.string(), " includes ", (*it)[0].str());
      CHECK(layer != layers.end());
      if (layer != layers.end()) CHECK(layer->second <= own);
    }
  }
}

TEST_CASE("tidy: core: has no sockets, files, clocks, threads or chance of its own") {
  const std::regex banned(
      "#include <(sys/|netinet/|arpa/|unistd|poll|httplib|curl/|sqlite3|thread|fstream|spdlog)"
      "|(system_clock|steady_clock)::now|random_device|std::rand\\b|sleep_for");
  for (const fs::path& path : code_below({"core"})) {
    std::ifstream file(kRoot / path);
    for (std::string line; std::getline(file, line);) {
      if (line.find("structure-ok:") != std::string::npos) continue;
      INFO(path.string(), ": ", line);
      CHECK_FALSE(std::regex_search(line, banned));
    }
  }
}

TEST_CASE("tidy: files: headers have at most 400 lines, sources at most 800") {
  for (const fs::path& path :
       code_below({"core", "services", "extensions", "cli", "tests", "examples", "bench"})) {
    const std::string text = read(kRoot / path);
    const auto lines = std::count(text.begin(), text.end(), '\n');
    INFO(path.string(), " has ", lines);
    CHECK(lines <= (path.extension() == ".h" ? 400 : 800));
  }
}

TEST_CASE("tidy: wire: names of the protocol stand in core/wire.h only") {
  const std::regex spelled(
      "\"(original-address|node-version|node-root|client-version|ERR_SPREADABLE_[A-Z_]+)\"");
  // The validator's codes are made of a prefix and stand with the validator.
  for (const fs::path& path : code_below({"core", "services", "cli"})) {
    if (path == "core/wire.h" || path == "core/schema.cpp") continue;
    const std::string text = read(kRoot / path);
    std::smatch match;
    INFO(path.string());
    CHECK_MESSAGE(!std::regex_search(text, match, spelled), match.str());
  }
}

TEST_CASE("tidy: tests: unit tests do not sleep") {
  const std::regex sleeps("sleep_for|sleep_until|usleep");
  for (const fs::path& path : code_below({"tests/unit"})) {
    INFO(path.string());
    CHECK_FALSE(std::regex_search(read(kRoot / path), sleeps));
  }
}

TEST_CASE("tidy: leftovers: a note to do something later names an issue") {
  const std::regex note(
      "(TO"
      "DO|FIX"
      "ME)(?!\\(#[0-9]+\\))");
  for (const fs::path& path :
       code_below({"core", "services", "cli", "tests", "examples", "bench"})) {
    INFO(path.string());
    CHECK_FALSE(std::regex_search(read(kRoot / path), note));
  }
}

TEST_CASE("tidy: readme: the program it shows is the example that is compiled") {
  const std::string readme = read(kRoot / "README.md");
  const std::string example = read(kRoot / "examples/word_count/main.cpp");
  REQUIRE_FALSE(example.empty());
  CHECK(readme.find(example) != std::string::npos);
}

TEST_CASE("tidy: docs: each test that docs/security.md names is there") {
  std::string tests = read(kRoot / "tests/security/main.cpp");
  for (const fs::path& path : code_below({"tests"})) {
    const std::string text = read(kRoot / path);
    const std::regex name("TEST_CASE\\(\\s*(\"[^\"]+\")");
    for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
      tests += (*it)[1].str();
    }
  }
  std::size_t names = 0;
  std::ifstream file(kRoot / "docs/security.md");
  const std::regex quoted("`([^`]+)`");
  for (std::string line; std::getline(file, line);) {
    // Tests stand in the last column of a table.
    const std::size_t column = line.rfind('|', line.size() < 2 ? 0 : line.size() - 2);
    if (!line.starts_with("| ") || column == 0 || column == std::string::npos) continue;
    const std::string cell = line.substr(column);
    for (std::sregex_iterator it(cell.begin(), cell.end(), quoted), end; it != end; ++it) {
      std::string wanted = (*it)[1];
      if (wanted.ends_with("…")) wanted.resize(wanted.size() - std::string("…").size());
      wanted = wanted.starts_with("sectest ") ? "{\"" + wanted.substr(8) + "\"" : "\"" + wanted;
      INFO(line);
      CHECK(tests.find(wanted) != std::string::npos);
      ++names;
    }
  }
  CHECK(names > 30);
}
