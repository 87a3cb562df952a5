#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/client.h"
#include "examples/fleet_search/file_index.h"
#include "examples/fleet_search/fleet.h"
#include "examples/fleet_search/search_action.h"
#include "services/runtime.h"
#include "tests/support/free_port.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace spreadable::fleet_search {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDocumentation = "/usr/share/doc";
constexpr std::size_t kNodes = 9;

void write_file(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  return lines;
}

/// The sorted paths that grep finds under `root`. Bytes are compared, whatever the locale.
std::vector<std::string> grep(std::vector<std::string> arguments, const fs::path& root) {
  arguments.push_back(root.string());
  Finished finished = run_process({.program = "/usr/bin/grep",
                                   .arguments = std::move(arguments),
                                   .environment = {{"LC_ALL", "C"}}});
  REQUIRE_MESSAGE(finished.exit_code <= 1, finished.errors);
  std::vector<std::string> paths = lines_of(finished.output);
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What must be found under a folder: the files in which grep finds a phrase, but for those with a
/// NUL byte. grep's own idea of a binary file (-I) is the same, except that it stops to look once
/// it has found the phrase.
class Truth {
 public:
  explicit Truth(fs::path root) : root_(std::move(root)) {}

  [[nodiscard]] std::vector<std::string> about(const std::string& phrase) const {
    const std::vector<std::string> all = grep({"-rlaF", "--", phrase}, root_);
    std::vector<std::string> text;
    std::set_difference(all.begin(), all.end(), binary_.begin(), binary_.end(),
                        std::back_inserter(text));
    return text;
  }

 private:
  const fs::path root_;
  const std::vector<std::string> binary_ = grep({"-rlaP", "--", "\\x00"}, root_);
};

/// A tree with everything that could be got wrong.
void write_tree(const fs::path& root) {
  for (int i = 0; i < 200; ++i) {
    write_file(root / fmt::format("folder{}/file{}.txt", i % 7, i),
               fmt::format("The file of number {}.\nIt is a file like \"others\".\n", i));
  }
  write_file(root / "special.txt", "a.*b [x] \\n $HOME 'quoted' -- -e % \t tab\r\n");
  write_file(root / "umlaut ü.txt", "Käse und Brot – für später\n");
  write_file(root / "latin1.txt", "K\xe4se file\n");
  write_file(root / "empty.txt", "");
  write_file(root / "no-line-end.txt", "rare needle");
  write_file(root / "binary.bin", std::string("rare needle\0in a file", 21));
  write_file(root / "late.bin", std::string(500'000, 'x') + "\nfile" + '\0');
  write_file(root / "long.txt", std::string(3'000'000, 'y') + "rare needle" + std::string(9, 'z'));
  write_file(root / "split.txt", "rare\nneedle\n");
  write_file(root / ".hidden/file", "a hidden file\n");
  fs::create_symlink(root / "special.txt", root / "link.txt");
  fs::create_directory_symlink(root / "folder1", root / "folder-link");
  fs::create_symlink(root, root / "folder2/loop");
}

/// A network of nodes that share the files under a folder, and a client of it.
class RunningFleet {
 public:
  explicit RunningFleet(const fs::path& root)
      : fleet_(runtime_, {.base_port = free_ports(kNodes)}, read_shares(root, kNodes).value()) {
    const Result<void> started = fleet_.start();
    REQUIRE(started);
    const auto end = std::chrono::steady_clock::now() + Process::kPatience;
    while (fleet_.settled() < kNodes && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    REQUIRE(fleet_.settled() == kNodes);
    REQUIRE(client_.init());
  }

  Result<TraversalResult> ask(const Json& query) {
    return client_.traverse(SearchAction::kName, query);
  }

 private:
  Runtime runtime_;
  Fleet fleet_;
  Client client_{{.address = fleet_.addresses()},
                 {*runtime_.transport(), *runtime_.clock(), *runtime_.random()}};
};

void check_as_grep(RunningFleet& fleet, const fs::path& root,
                   const std::vector<std::string>& phrases) {
  const Truth truth(root);
  for (const std::string& phrase : phrases) {
    CAPTURE(phrase);
    const Result<TraversalResult> found = fleet.ask({{"phrase", phrase}});
    REQUIRE(found);
    CHECK(found->complete);
    CHECK(found->nodes_answered == kNodes);
    CHECK(found->value.get<std::vector<std::string>>() == truth.about(phrase));
  }
}

/// What an index of the whole of `root` finds, without the path of `root`.
std::vector<std::string> names_found(const fs::path& root, std::string_view phrase) {
  const Result<FileIndex> index = FileIndex::read(root, {});
  REQUIRE(index);
  std::vector<std::string> names;
  for (const std::string& path : index->find(phrase)) {
    names.push_back(fs::path(path).lexically_relative(root).string());
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("fleet_search: network: finds in a tree what grep finds") {
  const TempDir temp;
  write_tree(temp.path());
  RunningFleet fleet(temp.path());
  check_as_grep(fleet, temp.path(),
                {"file", "The file of number 17.", "rare needle", "nowhere to be found",
                 "\"others\"", "'quoted'", "a.*b", "[x] \\n $HOME", "-- -e", "Käse", "–", "ä", "\t",
                 "\r", "e", "fi", " ", std::string(1'000, 'y'), "hidden"});
}

TEST_CASE("fleet_search: network: finds in the documentation of this machine what grep finds" *
          doctest::skip(!fs::exists(kDocumentation))) {
  RunningFleet fleet(kDocumentation);
  check_as_grep(fleet, kDocumentation,
                {"the", "GNU General Public License", "Permission is hereby granted", "std::chrono",
                 "\"AS IS\"", "©", "*/", "no text says this, not even once"});
}

TEST_CASE("fleet_search: network: refuses a query without one phrase on one line") {
  const TempDir temp;
  RunningFleet fleet(temp.path());
  for (const Json& query :
       {Json::object(), Json{{"phrase", ""}}, Json{{"phrase", 5}}, Json{{"phrase", nullptr}},
        Json{{"phrase", "two\nlines"}}, Json{{"phrase", std::string("a\0b", 3)}},
        Json{{"phrase", std::string(SearchAction::kPhraseBytesMax + 1, 'x')}}}) {
    CAPTURE(query.dump());
    const Result<TraversalResult> refused = fleet.ask(query);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::logical);
    CHECK(refused.error().message.find("phrase") != std::string::npos);
  }
}

TEST_CASE("fleet_search: index: each file is the share of exactly one node") {
  const TempDir temp;
  write_tree(temp.path());
  const auto shares = read_shares(temp.path(), kNodes).value();
  std::multiset<std::string> found;
  std::size_t bytes = 0;
  for (const FileIndex& share : shares) {
    CHECK(share.figures().files > 0);
    bytes += share.figures().bytes;
    for (const std::string& path : share.find("file")) found.insert(path);
  }
  const std::vector<std::string> all = Truth(temp.path()).about("file");
  CHECK(std::vector<std::string>(found.begin(), found.end()) == all);
  CHECK(bytes == FileIndex::read(temp.path(), {}).value().figures().bytes);
}

TEST_CASE("fleet_search: index: finds a phrase wherever it stands in a file") {
  constexpr std::size_t kChunk = std::size_t{64} << 10;  // what is read at once
  const TempDir temp;
  const std::string phrase = "needle";
  for (const std::size_t place : {std::size_t{0}, kChunk - 6, kChunk - 5, kChunk - 1, kChunk,
                                  2 * kChunk - 3, std::size_t{10'000'000}}) {
    CAPTURE(place);
    write_file(temp.path() / "text", std::string(place, '.') + phrase + '.');
    CHECK(names_found(temp.path(), phrase) == Names{"text"});
    CHECK(names_found(temp.path(), "." + phrase) == (place > 0 ? Names{"text"} : Names{}));
    CHECK(names_found(temp.path(), phrase + "..") == Names{});
  }
}

TEST_CASE("fleet_search: index: short texts and short phrases") {
  const TempDir temp;
  write_file(temp.path() / "0", "");
  write_file(temp.path() / "1", "a");
  write_file(temp.path() / "2", "ab");
  write_file(temp.path() / "3", "abc");
  CHECK(names_found(temp.path(), "a") == Names{"1", "2", "3"});
  CHECK(names_found(temp.path(), "ab") == Names{"2", "3"});
  CHECK(names_found(temp.path(), "abc") == Names{"3"});
  CHECK(names_found(temp.path(), "abcd") == Names{});
}

TEST_CASE("fleet_search: index: a file with a NUL byte is no text, wherever it stands") {
  const TempDir temp;
  for (const std::size_t place : {0U, 1U, 65'535U, 65'536U, 300'000U}) {
    std::string text(place, 'x');
    text += '\0';
    write_file(temp.path() / std::to_string(place), text + "xx needle");
  }
  const FileIndex index = FileIndex::read(temp.path(), {}).value();
  CHECK(index.find("needle").empty());
  CHECK(index.figures().binary == 5);
  CHECK(index.figures().files == 0);
}

TEST_CASE("fleet_search: index: counts what it cannot read, and reads the rest") {
  const TempDir temp;
  write_file(temp.path() / "readable", "needle");
  write_file(temp.path() / "locked", "needle");
  write_file(temp.path() / "closed/file", "needle");
  fs::permissions(temp.path() / "locked", fs::perms::none);
  fs::permissions(temp.path() / "closed", fs::perms::none);
  const bool is_root = std::ifstream(temp.path() / "locked").good();  // who may read everything
  const FileIndex index = FileIndex::read(temp.path(), {}).value();
  fs::permissions(temp.path() / "closed", fs::perms::owner_all);
  CHECK(index.find("needle").size() == (is_root ? 3 : 1));
  CHECK(index.figures().unreadable == (is_root ? 0 : 1));
  CHECK(index.figures().unreadable_folders == (is_root ? 0 : 1));
}

TEST_CASE("fleet_search: index: leaves out what does not fit, and counts it") {
  const TempDir temp;
  for (const char* name : {"a", "b", "c"}) write_file(temp.path() / name, std::string(400, 'x'));
  const FileIndex index = FileIndex::read(temp.path(), {.bytes_max = 1'000}).value();
  CHECK(index.figures().files == 2);
  CHECK(index.figures().left_out == 1);
  CHECK(index.find("x").size() == 2);
}

TEST_CASE("fleet_search: index: a folder that cannot be read is an error that names it") {
  const TempDir temp;
  write_file(temp.path() / "file", "text");
  for (const char* name : {"missing", "file"}) {
    const Result<FileIndex> index = FileIndex::read(temp.path() / name, {});
    REQUIRE_FALSE(index);
    CHECK(index.error().code == Errc::io);
    CHECK(index.error().message.find(name) != std::string::npos);
  }
}

TEST_CASE("fleet_search: program: prints map, matches and figures") {
  const TempDir temp;
  write_tree(temp.path());
  const std::string port = std::to_string(free_ports(kNodes));
  const std::vector<std::string> arguments{
      "--nodes",  std::to_string(kNodes), "--base-port", port,
      "--root",   temp.path().string(),   "--phrase",    "file",
      "--phrase", "rare needle"};
  const Finished text = run_process({.program = FLEET_SEARCH_PROGRAM, .arguments = arguments});
  CHECK_MESSAGE(text.exit_code == 0, text.errors);
  const std::size_t count = Truth(temp.path()).about("file").size();
  for (const std::string& part :
       Names{"9 nodes became one network in ", "\"file\": " + std::to_string(count) + " files\n",
             "… and " + std::to_string(count - 10) + " more\n", "9 of 9 nodes answered through "}) {
    CHECK_MESSAGE(text.output.find(part) != std::string::npos, part, " in ", text.output);
  }

  std::vector<std::string> with_json = arguments;
  with_json.push_back("--json");
  const Finished json = run_process({.program = FLEET_SEARCH_PROGRAM, .arguments = with_json});
  CHECK_MESSAGE(json.exit_code == 0, json.errors);
  const Json report = parse_json(json.output).value();
  CHECK(report["searches"][0]["matches"].size() == count);
  CHECK(report["searches"][1]["matches"].get<Names>() == Truth(temp.path()).about("rare needle"));
  CHECK(report["searches"][1]["nodesAnswered"] == kNodes);
  CHECK(report["map"]["unregistered"].empty());
}

TEST_CASE("fleet_search: program: names what is wrong and exits with 1 or 2") {
  struct Row {
    std::vector<std::string> arguments;
    int exit_code;
    std::string named;
  };
  const std::string port = std::to_string(free_port());
  for (const Row& row :
       {Row{{"--nodes", "0"}, 2, "--nodes"}, Row{{"--nodes", "101"}, 2, "--nodes"},
        Row{{"--base-port", "65500"}, 2, "--base-port"}, Row{{"--nonsense"}, 2, "--nonsense"},
        Row{{"--sync-interval", "soon"}, 2, "soon"}, Row{{"--root", "/missing"}, 1, "/missing"},
        Row{{"--sync-interval", "1ms", "--root", "/proc/self/fd"}, 2, "syncInterval"},
        Row{{"--phrase", "", "--nodes", "1", "--base-port", port, "--root", "/proc/self/fd"},
            1,
            "phrase"}}) {
    const Finished finished =
        run_process({.program = FLEET_SEARCH_PROGRAM, .arguments = row.arguments});
    CAPTURE(row.named);
    CHECK(finished.exit_code == row.exit_code);
    CHECK_MESSAGE(finished.errors.find(row.named) != std::string::npos, finished.errors);
  }
}

}  // namespace spreadable::fleet_search
