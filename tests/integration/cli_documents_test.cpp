// `spreadable documents` against nodes of kind `documents`, which keep their documents on disk.
#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/integration/cli_program.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

using Texts = std::vector<std::string>;

/// Two nodes of kind `documents` with storage folders of their own.
class Pair {
 public:
  explicit Pair(Texts flags = {"--set", "documents.openPermissions=true"})
      : flags_(std::move(flags)) {
    start(0);
    start(1);
    for (int i = 0; i < 2; ++i) REQUIRE(read_event(*nodes_[i], "size")["networkSize"] == 2);
  }

  void start(int index) {
    Texts arguments{"start",           "--kind",
                    "documents",       "--json",
                    "--hostname",      "localhost",
                    "--port",          std::to_string(port_ + index),
                    "--sync-interval", "200ms",
                    "--storage-path",  (folder_.path() / std::to_string(index)).string(),
                    "--log-level",     "error",
                    "--set",           R"(collections={"people":{"pk":"id","indices":["age"]}})"};
    arguments.insert(arguments.end(), flags_.begin(), flags_.end());
    if (index > 0) {
      arguments.insert(arguments.end(),
                       {"--initial-network-address", "localhost:" + std::to_string(port_)});
    }
    nodes_[index].emplace(program(std::move(arguments)));
  }
  void kill(int index) { nodes_[index].reset(); }

  [[nodiscard]] Finished ask(Texts arguments, int index = 0, std::string input = {}) const {
    arguments.insert(arguments.begin(), "documents");
    arguments.insert(arguments.end(), {"--address", "localhost:" + std::to_string(port_ + index)});
    Process::Options options = program(std::move(arguments));
    options.input = std::move(input);
    return run_process(std::move(options));
  }
  [[nodiscard]] const TempDir& folder() const { return folder_; }

 private:
  const TempDir folder_;
  const Texts flags_;
  const std::uint16_t port_ = free_ports(2);
  std::optional<Process> nodes_[2];
};

}  // namespace

TEST_CASE("cli: documents: add, get, count, update and delete through either node") {
  const Pair pair;
  const Finished added = pair.ask({"add", "people", R"({"id":"ann","age":36})"});
  INFO(added.errors);
  CHECK(added.output == "{\"age\":36,\"id\":\"ann\"}\n");
  CHECK(pair.ask({"add", "people", "-"}, 1, R"({"id":"bob","age":12})").exit_code == 0);
  CHECK(pair.ask({"get", "people", "--filter", R"({"age":{"$gt":20}})"}, 1).output ==
        "{\"age\":36,\"id\":\"ann\"}\n");
  CHECK(pair.ask({"get", "people", "--pk", "bob"}).output == "{\"age\":12,\"id\":\"bob\"}\n");
  CHECK(pair.ask({"get", "people", "--table", "--sort", R"(["id"])"}).output ==
        "age  id\n36   ann\n12   bob\n");
  CHECK(pair.ask({"count", "people"}).output == "2\n");
  CHECK(pair.ask({"update", "people", R"({"age":13})", "--filter", R"({"id":"bob"})"}).output ==
        "copies updated: 2\n");
  CHECK(pair.ask({"delete", "people", "--filter", R"({"age":13})"}, 1).output ==
        "copies deleted: 2\n");
  CHECK(pair.ask({"count", "people"}).output == "1\n");
}

TEST_CASE("cli: documents: refusals name what is wrong") {
  const Pair pair(Texts{});
  struct Row {
    Texts arguments;
    int exit_code;
    const char* part;
  };
  for (const Row& row : {
           Row{{"get", "nope"}, 1, "ERR_METASTOCLE_NOT_FOUND_COLLECTION"},
           Row{{"get", "people", "--filter", "{"}, 2, "(flag --filter)"},
           Row{{"get", "people", "--pk", "x"}, 1, "no such document"},
           Row{{"add", "people", "[]"}, 2, "expected an object"},
           Row{{"delete", "people"}, 2, "--all"},
           Row{{"delete", "people", "--all"}, 1, "ERR_METASTOCLE_NOT_PERMITTED"},
       }) {
    const Finished finished = pair.ask(row.arguments);
    INFO(finished.errors);
    CHECK(finished.exit_code == row.exit_code);
    CHECK(contains(finished.errors, row.part));
    CHECK(is_one_line(finished.errors));
  }
}

TEST_CASE("cli: documents: what is imported is exported again, over a restart of all nodes") {
  Pair pair;
  const std::string file = (pair.folder().path() / "people.jsonl").string();
  std::ofstream out(file);
  std::string wanted;
  for (int i = 1000; i < 1300; ++i) {
    const std::string line =
        R"({"id":")" + std::to_string(i) + R"(","n":)" + std::to_string(i) + "}";
    out << line << "\n\n";
    wanted += line + "\n";
  }
  out.close();
  CHECK(pair.ask({"import", "people", file}).output == "300 added, 0 there already, 0 failed\n");
  CHECK(pair.ask({"import", "people", file, "--ignore-existing"}, 1).output ==
        "0 added, 300 there already, 0 failed\n");
  pair.kill(0);
  pair.kill(1);
  pair.start(0);
  pair.start(1);
  for (int tries = 0; tries < 100; ++tries) {
    if (pair.ask({"count", "people"}, 1).output == "300\n") break;
  }
  CHECK(pair.ask({"export", "people", "--key", "id"}, 1).output == wanted);
}

}  // namespace spreadable
