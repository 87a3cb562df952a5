#include "extensions/documents/detail/replication.h"

#include <doctest/doctest.h>

#include "tests/support/documents_network.h"

namespace spreadable::documents {
namespace {

constexpr Duration kRound = std::chrono::seconds{40};  // several repair intervals

/// Gives the document with pk `id` at one node another content, as if the others had missed it.
void change_one_copy(DocumentsNetwork& network, const Json& id, const Json& change) {
  for (std::size_t i = 0; i < network.network().size(); ++i) {
    if (!network.store(i).find(id)->has_value()) continue;
    const auto query = ChangeQuery::parse({{"filter", {{"id", id}}}});
    const auto deadline = Deadline::after(network.network().clock(), kRound);
    REQUIRE(network.store(i).update(*query, change, deadline)->changed == 1);
    return;
  }
  FAIL("no copy");
}

}  // namespace

TEST_CASE("replication: repair: copies lost with a node are made again, no more than wanted") {
  DocumentsNetwork network;
  network.form(9);
  for (int i = 0; i < 10; ++i) REQUIRE(network.add(0, {{"id", "d" + std::to_string(i)}}));
  network.network().run_for(std::chrono::seconds{2});
  for (int i = 0; i < 10; ++i) CHECK(network.copies("d" + std::to_string(i)) == 3);
  network.network().kill(4);
  network.network().kill(7);
  network.network().run_for(2 * kRound);
  for (int i = 0; i < 10; ++i) {
    INFO(i);
    CHECK(network.copies("d" + std::to_string(i)) == 3);
  }
}

TEST_CASE("replication: later states: spread to all copies") {
  DocumentsNetwork network;
  network.form(4);
  REQUIRE(network.add(0, {{"id", "a"}, {"n", 1}}));
  change_one_copy(network, "a", {{"n", 2}});
  network.network().run_for(kRound);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto copy = *network.store(i).find("a");
    if (copy) CHECK(copy->fields["n"] == 2);
  }
  CHECK(network.copies("a") == 2);
}

TEST_CASE("replication: tombstones: a node that was away gives up what was deleted meanwhile") {
  DocumentsNetwork network;
  network.form(4);
  REQUIRE(network.add(0, {{"id", "a"}}));
  std::size_t away = 0;
  for (std::size_t i = 1; i < 4; ++i) {
    if (network.store(i).find("a")->has_value()) away = i;
  }
  REQUIRE(away > 0);
  network.network().kill(away);
  auto request = network.request();
  request.actions = {{"filter", {{"id", "a"}}}};
  REQUIRE(*network.at(0).remove(request) >= 1);
  network.network().restart(away);
  network.network().run_for(2 * kRound);
  CHECK(network.copies("a") == 0);
}

TEST_CASE("replication: conflicts: a reader is told what most holders have") {
  DocumentsNetwork network({.repair_interval = std::chrono::hours{10}});
  network.form(9);
  REQUIRE(network.add(0, {{"id", "a"}, {"n", 1}}));
  network.network().run_for(std::chrono::seconds{2});
  REQUIRE(network.copies("a") == 3);
  change_one_copy(network, "a", {{"n", 666}});
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(*network.get_by_pk(i, "a") == Json{{"id", "a"}, {"n", 1}});
  }
}

TEST_CASE("replication: partition: both sides end with the same documents and contents") {
  DocumentsNetwork network;
  network.form(8);
  for (int i = 0; i < 6; ++i) REQUIRE(network.add(0, {{"id", "d" + std::to_string(i)}, {"n", 0}}));
  network.network().run_for(kRound);
  network.network().cut(4);
  network.network().run_for(kRound);
  auto request = network.request();
  request.document = {{"n", 1}};
  static_cast<void>(network.at(1).update(request));
  request.deadline = network.request().deadline;
  request.document = {{"n", 2}};
  static_cast<void>(network.at(6).update(request));
  const bool left = network.add(0, {{"id", "left"}}).has_value();
  const bool right = network.add(7, {{"id", "right"}}).has_value();
  CHECK(left);
  CHECK(right);
  network.network().heal();
  network.network().run_for(6 * kRound);
  const auto first = network.get(0, {{"sort", {"id"}}});
  REQUIRE(first);
  CHECK(first->total_count == 8);
  for (std::size_t i = 1; i < 8; ++i) {
    const auto page = network.get(i, {{"sort", {"id"}}});
    REQUIRE(page);
    CHECK(page->documents == first->documents);
  }
}

}  // namespace spreadable::documents
