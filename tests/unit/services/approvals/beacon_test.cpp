// Committees of whole networks in virtual time: what all nodes agree on while masters come and go.
#include "services/approvals/beacon.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "services/approvals/approvals.h"
#include "services/approvals/client_ip_approval.h"
#include "tests/support/local_network.h"

namespace spreadable {
namespace {

using std::chrono::seconds;

constexpr Millis kPeriod{20'000};
constexpr std::size_t kSeats = 7;

Approval::Options short_periods() {
  Approval::Options options;
  options.approvers = CountRule::fixed(kSeats);
  options.period = kPeriod;
  return options;
}

LocalNetwork::Options network_options() {
  LocalNetwork::Options options;
  options.services = {[] { return std::make_unique<Approvals>(); },
                      [] { return std::make_unique<ClientIpApproval>("ip", short_periods()); }};
  return options;
}

struct Site {
  LocalNetwork network{network_options()};

  /// Clocks of every three nodes are `clocks_apart` from each other.
  explicit Site(std::size_t nodes, Millis clocks_apart = Millis::zero()) {
    for (std::size_t i = 0; i < nodes; ++i) {
      REQUIRE(network.add(clocks_apart * static_cast<Millis::rep>(i % 3)).start());
    }
    REQUIRE(network.run_until([&] { return network.agrees_on(nodes); }, seconds{30}));
  }

  /// Goes on to the middle of the next period.
  void next_period() {
    const auto now = to_epoch_millis(network.clock().wall_now());
    const std::int64_t next = period_start(now, kPeriod.count()) + kPeriod.count();
    network.run_for(Millis{next + kPeriod.count() / 2 - now});
  }
  /// The committee that node `index` tells a client.
  Json committee(std::size_t index) {
    TransportRequest request{.to = LocalNetwork::address(index),
                             .path = "/client/request-approval-key"};
    request.headers.add("content-type", "application/json");
    request.headers.add("client-version", "spreadable-0.3");
    request.body = R"({"action":"ip"})";
    const auto replies = network.outside().request_group(
        {&request, 1}, Deadline::after(network.clock(), seconds{10}));
    REQUIRE(replies.front());
    const auto body = parse_json(replies.front()->body);
    REQUIRE(body);
    return (*body)["approvers"];
  }
  /// How many living nodes see the committee that most see, and how many there are.
  struct Agreement {
    std::size_t agreeing = 0;
    std::size_t nodes = 0;
    Json committee;
  };
  Agreement agreement() {
    std::map<Json, std::size_t> seen;
    Agreement result;
    for (std::size_t i = 0; i < network.size(); ++i) {
      if (!network.alive(i)) continue;
      ++seen[committee(i)];
      ++result.nodes;
    }
    const auto most = std::max_element(
        seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    result.agreeing = most->second;
    result.committee = most->first;
    return result;
  }
  /// What node 0 hears about the current period.
  std::optional<std::string> value(std::size_t index = 0) {
    Beacon beacon(network.node(index), {kPeriod});
    const auto now = to_epoch_millis(network.clock().wall_now());
    return beacon_value(beacon.reports(kPeriod, period_start(now, kPeriod.count()),
                                       Deadline::after(network.clock(), seconds{10})));
  }
  std::size_t kill_master() {
    const std::vector<Address> masters = network.masters();
    const std::size_t index = masters.back().port() - LocalNetwork::address(0).port();
    network.kill(index);
    return index;
  }
};

}  // namespace

TEST_CASE("beacon: network of 25: has a value from the third period on, another in each") {
  Site site(25);
  CHECK_FALSE(site.value());
  CHECK(site.committee(0).size() == kSeats);  // by the period alone
  for (int i = 0; i < 3; ++i) site.next_period();
  std::set<std::string> values;
  std::set<Json> committees;
  for (int i = 0; i < 5; ++i) {
    const auto value = site.value();
    REQUIRE(value);
    CHECK(value == site.value(24));
    values.insert(*value);
    const Site::Agreement agreement = site.agreement();
    CHECK(agreement.agreeing == 25);
    CHECK(agreement.committee.size() == kSeats);
    committees.insert(agreement.committee);
    site.next_period();
  }
  CHECK(values.size() == 5);
  CHECK(committees.size() == 5);
}

TEST_CASE("beacon: masters that die: the living agree on living members") {
  Site site(25);
  for (int i = 0; i < 3; ++i) site.next_period();
  std::size_t agreeing = 0;
  std::size_t asked = 0;
  for (int round = 0; round < 4; ++round) {
    site.network.run_for(
        CommitteeFinder::kLifetime);  // what was found before is not asked for again
    const std::size_t dead = site.kill_master();
    site.network.run_for(Millis{200});  // nobody has dropped it yet
    const Site::Agreement soon = site.agreement();
    agreeing += soon.agreeing;
    asked += soon.nodes;
    for (const Json& member : soon.committee) CHECK(member != LocalNetwork::address(dead).text());
    CHECK(site.value());
    site.next_period();
    const Site::Agreement later = site.agreement();
    agreeing += later.agreeing;
    asked += later.nodes;
    CHECK(site.value());
  }
  MESSAGE(agreeing, " of ", asked, " views of a committee are that of most nodes");
  CHECK(agreeing * 100 >= asked * 98);
}

TEST_CASE("beacon: clocks two seconds apart: all agree while all are in the same period") {
  Site site(12, /*clocks_apart=*/seconds{1});
  for (int i = 0; i < 3; ++i) site.next_period();
  for (int i = 0; i < 3; ++i) {
    CHECK(site.value());
    CHECK(site.agreement().agreeing == 12);
    site.next_period();
  }
}

TEST_CASE("beacon: newcomer: has no seat in the period in which it comes") {
  Site site(12);
  for (int i = 0; i < 3; ++i) site.next_period();
  const Json before = site.committee(0);
  for (int i = 0; i < 6; ++i) REQUIRE(site.network.add().start());
  REQUIRE(site.network.run_until([&] { return site.network.agrees_on(18); }, seconds{8}));
  site.network.clock().advance(CommitteeFinder::kLifetime);
  CHECK(site.committee(0) == before);
  CHECK(site.committee(15) == before);
}

TEST_CASE("beacon: a secret withheld: is logged once in the period, and costs nobody the value") {
  Site site(9);
  for (int i = 0; i < 3; ++i) site.next_period();
  const auto masters = site.network.masters();
  REQUIRE(masters.size() > 1);
  const std::size_t dead = site.kill_master();  // it has promised for the next two periods
  site.next_period();
  site.next_period();
  CHECK(site.value(dead == 0 ? 1 : 0));
  const std::string text = LocalNetwork::address(dead).text() + " promised a secret";
  std::size_t records = 0;
  for (const auto& record : site.network.logger().records()) {
    records += record.message.find(text) != std::string::npos ? 1 : 0;
  }
  CHECK(records >= masters.size() - 1);
  CHECK(records <= 2 * 9);
}

}  // namespace spreadable
