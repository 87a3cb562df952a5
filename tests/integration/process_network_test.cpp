// Nine nodes as nine processes: what `kill -9`, a stopped process and a restart cost.
#include <doctest/doctest.h>

#include <link.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include "core/network_map.h"
#include "tests/integration/process_network.h"
#include "tests/support/free_port.h"
#include "tests/support/slowdown.h"

namespace spreadable {

using namespace std::chrono_literals;

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

TEST_CASE("processes: libraries: nodes of ours get by without libcurl, even when one is gone") {
  ProcessNetwork network(4);
  REQUIRE(network.settles_within(20));
  network.kill(2);
  REQUIRE(network.settles_within(12));
  for (const std::size_t i : network.running()) {
    std::ifstream maps("/proc/" + std::to_string(network.id(i)) + "/maps");
    const std::string text(std::istreambuf_iterator<char>(maps), {});
    CHECK(text.find("libsqlite3") != std::string::npos);
    CHECK(text.find("libcurl") == std::string::npos);
  }
}

#if !defined(SPREADABLE_IS_INSTRUMENTED) && defined(__linux__)
TEST_CASE("processes: place: the program asks for a multiple of 8 MiB") {
  std::ifstream program(SPREADABLE_PROGRAM, std::ios::binary);
  ElfW(Ehdr) head{};
  REQUIRE(program.read(reinterpret_cast<char*>(&head), sizeof head));
  ElfW(Xword) alignment = 0;
  program.seekg(static_cast<std::streamoff>(head.e_phoff));
  for (int i = 0; i < head.e_phnum; ++i) {
    ElfW(Phdr) segment{};
    REQUIRE(program.read(reinterpret_cast<char*>(&segment), sizeof segment));
    if (segment.p_type == PT_LOAD) alignment = std::max(alignment, segment.p_align);
  }
  CHECK(head.e_type == ET_DYN);  // so the kernel chooses the place, by chance
  CHECK(alignment == 8U << 20);
}
#endif

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
