#include "services/approvals/committee.h"

#include <doctest/doctest.h>

#include <set>

namespace spreadable {
namespace {

Candidate candidate(const std::string& host, std::uint16_t port, bool is_exempt = false) {
  return {*Address::from_parts(host, port), *IpAddress::parse(host), is_exempt};
}

std::vector<Candidate> networks(std::size_t count) {
  std::vector<Candidate> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(candidate("20.0." + std::to_string(i) + ".1", 4000));
  }
  return all;
}

std::set<Address> seated(const SeatPlan& plan, const SeatSeed& seed, std::size_t count) {
  std::set<Address> seats;
  for (const std::size_t index : plan.choose(seed, count)) {
    seats.insert(plan.candidates()[index].address);
  }
  return seats;
}

}  // namespace

TEST_CASE("committee: period: the start of the one that a time lies in") {
  CHECK(period_start(1700000123456, 300000) == 1700000100000);
  CHECK(period_start(1700000100000, 300000) == 1700000100000);
  CHECK(period_start(0, 300000) == 0);
  CHECK(period_start(-1, 300000) == -300000);
}

TEST_CASE("committee: order: by the hash of address and period, each address once") {
  const std::int64_t period = 1795176300000;
  const std::vector<std::string> order = approver_order(
      {"localhost:7405", "localhost:7402", "localhost:7404", "localhost:7402"}, period);
  CHECK(order == std::vector<std::string>{"localhost:7404", "localhost:7402", "localhost:7405"});
  CHECK(approver_order({}, period).empty());
}

TEST_CASE("committee: rank: the keyed hash is SipHash-2-4") {
  // The authors' test vector for the message 00 01 … 07 under the key 00 01 … 0f.
  const SeatSeed key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  CHECK(keyed_hash(key, 0x0706050403020100ULL) == 0x93f5f5799a932462ULL);
}

TEST_CASE("committee: seats: one for each IPv4 /24 and IPv6 /48, whatever the ports") {
  const auto seats = [](std::vector<Candidate> all) { return SeatPlan(std::move(all)).seats(); };
  CHECK(seats({candidate("20.0.0.1", 1), candidate("20.0.0.1", 2), candidate("20.0.0.255", 1)}) ==
        1);
  CHECK(seats({candidate("20.0.0.1", 1), candidate("20.0.1.1", 1)}) == 2);
  const auto v6 = [](const char* ip, std::uint16_t port) {
    return Candidate{*Address::from_parts("v6.example.com", port), *IpAddress::parse(ip), false};
  };
  CHECK(seats({v6("2001:db8:1:1::1", 1), v6("2001:db8:1:2::1", 2)}) == 1);
  CHECK(seats({v6("2001:db8:1::1", 1), v6("2001:db8:2::1", 2)}) == 2);
  CHECK(seats({candidate("127.0.0.1", 1, true), candidate("127.0.0.1", 2, true)}) == 2);
  CHECK(seats({candidate("20.0.0.1", 1), candidate("20.0.0.1", 1)}) == 1);
  CHECK(seats({}) == 0);
  CHECK(SeatPlan({}).choose({}, 5).empty());
}

TEST_CASE("committee: seats: the order of candidates does not matter, the seed does") {
  std::vector<Candidate> all = networks(100);
  const SeatPlan plan(all);
  std::reverse(all.begin(), all.end());
  const SeatPlan same(all);
  const SeatSeed seed = SeatSeed::of("one");
  CHECK(seated(plan, seed, 31) == seated(same, seed, 31));
  CHECK(seated(plan, seed, 31) != seated(plan, SeatSeed::of("other"), 31));
  CHECK(seated(plan, seed, 31).size() == 31);
  CHECK(seated(plan, seed, 1000).size() == 100);
  const auto ten = plan.choose(seed, 10);
  const auto all_of_them = plan.choose(seed, 100);
  CHECK(std::equal(ten.begin(), ten.end(), all_of_them.begin()));
}

TEST_CASE("committee: seats: one candidate more or less changes one seat at most") {
  const SeatPlan plan(networks(100));
  const SeatPlan fewer(networks(99));
  for (int i = 0; i < 50; ++i) {
    const SeatSeed seed = SeatSeed::of(std::to_string(i));
    std::set<Address> gone = seated(plan, seed, 31);
    for (const Address& seat : seated(fewer, seed, 31)) gone.erase(seat);
    CHECK(gone.size() <= 1);
  }
}

TEST_CASE("committee: seed: differs by action, period and value") {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seeds;
  for (const char* action : {"a", "b"}) {
    for (const std::int64_t period : {0, 300'000}) {
      for (const std::optional<std::string>& value :
           {std::optional<std::string>(), std::optional<std::string>("x")}) {
        const SeatSeed seed = seat_seed(action, period, value);
        seeds.insert({seed.low, seed.high});
      }
    }
  }
  CHECK(seeds.size() == 8);
}

}  // namespace spreadable
