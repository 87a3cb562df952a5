#include "services/behaviours/behaviours.h"

#include <doctest/doctest.h>

#include "core/wire.h"
#include "tests/unit/services/behaviours/watched_network.h"

namespace spreadable {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// One node that keeps score of peers who do not exist.
struct Site {
  LocalNetwork network;
  Address peer = *Address::parse("localhost:7900");
  Behaviours* behaviours;

  Site() : network(watched_network()) {
    network.start(1);
    behaviours = &behaviours_of(network.node(0));
  }
  void tell(std::string_view kind, bool is_good, int times = 1) {
    for (int i = 0; i < times; ++i) {
      network.node(0).conducts().tell({.kind = kind, .peer = peer, .is_good = is_good});
    }
  }
  [[nodiscard]] bool refuses() const {
    return !const_cast<Site*>(this)->network.node(0).access().check_lists(peer).has_value();
  }
};

}  // namespace

TEST_CASE("behaviours: ban: for suspicion that has lasted, with the lifetime of its kind") {
  Site site;
  site.tell(conduct::kSlaveMasters, /*is_good=*/false, 14);
  site.behaviours->judge();
  CHECK_FALSE(site.refuses());  // bad, but only just now
  site.network.run_for(30 * site.network.interval());
  CHECK(site.refuses());
  REQUIRE(site.behaviours->banlist().bans().size() == 1);
  CHECK(site.behaviours->banlist().bans()[0].reason == conduct::kSlaveMasters);
  CHECK(site.behaviours->suspicion(conduct::kSlaveMasters, site.peer) == 0);
}

TEST_CASE("behaviours: forgiveness: good turns take suspicion back") {
  Site site;
  site.tell(conduct::kRegistration, /*is_good=*/false, 11);
  site.tell(conduct::kRegistration, /*is_good=*/true, 11);
  CHECK(site.behaviours->suspicion(conduct::kRegistration, site.peer) == 0);
  CHECK(site.behaviours->scores().empty());
  site.network.run_for(40 * site.network.interval());
  CHECK_FALSE(site.refuses());
}

TEST_CASE("behaviours: provable faults: are refused at once and for a while") {
  Site site;
  site.network.node(0).conducts().tell(
      {.kind = conduct::kResponseSchema, .peer = site.peer, .is_good = false, .is_provable = true});
  CHECK(site.refuses());
  site.network.run_for(std::chrono::minutes{21});
  CHECK_FALSE(site.refuses());
}

TEST_CASE("behaviours: own health: who can't reach most of its peers blames nobody") {
  Site site;
  const Address other = *Address::parse("localhost:7901");
  Node& node = site.network.node(0);
  node.book().note_success(other, node.clock().now(), /*is_native=*/true);
  for (int i = 0; i < 40; ++i) {
    site.network.node(0).conducts().tell(
        {.kind = conduct::kRequestDelays, .peer = other, .is_good = false});
  }
  CHECK(site.behaviours->health() < 0.5);
  site.tell(conduct::kBacklinkSlaves, /*is_good=*/false, 20);
  CHECK(site.behaviours->suspicion(conduct::kBacklinkSlaves, site.peer) == 0);
  for (int i = 0; i < 40; ++i) {
    site.network.node(0).conducts().tell(
        {.kind = conduct::kRequestDelays, .peer = other, .is_good = true});
  }
  site.tell(conduct::kBacklinkSlaves, /*is_good=*/false);
  CHECK(site.behaviours->suspicion(conduct::kBacklinkSlaves, site.peer) == 1);
}

TEST_CASE("behaviours: own health: peers that were never there say nothing about it") {
  Site site;
  const Address invented = *Address::parse("localhost:7901");
  Node& node = site.network.node(0);
  node.book().mention(invented, node.clock().now());
  for (int i = 0; i < 40; ++i) {
    node.conducts().tell({.kind = conduct::kRequestDelays, .peer = invented, .is_good = false});
  }
  CHECK(site.behaviours->health() == 1);
}

TEST_CASE("behaviours: doubts: for what is held against a peer, be it little, but not for delays") {
  Site site;
  const Access& access = site.network.node(0).access();
  site.tell(conduct::kRequestDelays, /*is_good=*/false, 50);
  CHECK_FALSE(access.is_doubted(site.peer));
  site.tell(conduct::kMasterLists, /*is_good=*/false);
  CHECK(access.is_doubted(site.peer));
  CHECK_FALSE(site.refuses());
  site.tell(conduct::kMasterLists, /*is_good=*/true);
  CHECK_FALSE(access.is_doubted(site.peer));
}

TEST_CASE("behaviours: scores: without news they are forgotten, and there are only so many") {
  LocalNetwork::Options options = watched_network();
  options.services[0] = [] {
    return std::make_unique<Behaviours>(Behaviours::Options{.scores_max = 3});
  };
  LocalNetwork network(options);
  network.start(1);
  Behaviours& behaviours = behaviours_of(network.node(0));
  for (int port = 8001; port <= 8005; ++port) {
    const auto peer = Address::from_parts("localhost", static_cast<std::uint16_t>(port));
    network.node(0).conducts().tell(
        {.kind = conduct::kSlaveBacklink, .peer = *peer, .is_good = false});
  }
  CHECK(behaviours.scores().size() == 3);
  CHECK(behaviours.suspicion(conduct::kSlaveBacklink, *Address::parse("localhost:8001")) == 0);
  CHECK(behaviours.suspicion(conduct::kSlaveBacklink, *Address::parse("localhost:8005")) == 1);
  network.run_for(hours{2});
  CHECK(behaviours.scores().empty());
}

TEST_CASE("behaviours: kinds: what no behaviour watches is not counted") {
  Site site;
  site.tell("no-such-kind", /*is_good=*/false, 50);
  CHECK(site.behaviours->scores().empty());
}

TEST_CASE("behaviours: network: honest nodes that come and go hold nothing against each other") {
  LocalNetwork network(watched_network());
  network.start(25);
  REQUIRE(network.run_until([&] { return network.agrees_on(25); }, seconds{20}));
  for (int round = 0; round < 20; ++round) {
    const auto index = static_cast<std::size_t>(1 + round % 24);
    network.kill(index);
    network.run_for(6 * network.interval());
    network.restart(index);
    network.run_for(6 * network.interval());
  }
  for (std::size_t i = 0; i < 25; ++i) {
    CHECK(behaviours_of(network.node(i)).banlist().bans().empty());
    for (const auto& entry : behaviours_of(network.node(i)).scores()) {
      INFO(entry.kind, " of ", entry.peer.text(), " at ", i);
      CHECK(entry.score.suspicion <= 3);
    }
  }
}

TEST_CASE("behaviours: bans: a banned node leaves the lists and is refused in both directions") {
  LocalNetwork network(watched_network());
  network.start(9);
  REQUIRE(network.run_until([&] { return network.agrees_on(9); }, seconds{10}));
  const Address bad = LocalNetwork::address(8);
  for (std::size_t i = 0; i < 8; ++i) {
    REQUIRE(behaviours_of(network.node(i))
                .banlist()
                .ban(bad, IpAddress::loopback(), hours{1}, "by hand"));
  }
  const auto is_gone = [&] {
    for (std::size_t i = 0; i < 8; ++i) {
      const auto view = network.node(i).peers().view();
      if (view->has_slave(bad) || view->find_master(bad) || view->backlink == bad) return false;
      if (view->network_size() != 8) return false;
    }
    return true;
  };
  CHECK(network.run_until(is_gone, 10 * network.interval()));
  network.run_for(10 * network.interval());
  CHECK(is_gone());
}

}  // namespace spreadable
