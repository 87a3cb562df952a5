// Committees of the beacon: whether seats can be had for ports, how often hostile nodes take a
// vote, and whether the next committee can be foreseen. Seeded: each run computes the same. Bar A9.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "services/approvals/committee.h"
#include "services/approvals/seat_report.h"
#include "services/system/system_random.h"
#include "tests/security/commands.h"
#include "tests/security/statistics.h"

namespace spreadable::sectest {
namespace {

constexpr std::size_t kSeats = 31;
constexpr std::size_t kNeeded = 21;
constexpr std::size_t kNodes = 1000;
constexpr std::size_t kHostile = 200;
constexpr std::int64_t kPeriod = 300'000;

Candidate candidate(std::size_t network, std::uint16_t port) {
  const std::string host =
      fmt::format("{}.{}.{}.7", 11 + network / 65536, network / 256 % 256, network % 256);
  return {*Address::from_parts(host, port), *IpAddress::parse(host), false};
}

/// One candidate in each of `count` networks.
std::vector<Candidate> candidates(std::size_t count) {
  std::vector<Candidate> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(candidate(i, 4000));
  return all;
}

bool check_ports() {
  std::vector<Candidate> all = candidates(kNodes);
  for (std::uint16_t port = 65535; port > 0; --port) all.push_back(candidate(kNodes, port));
  const SeatPlan plan(std::move(all));
  SeededRandom random(1);
  std::size_t most = 0;
  for (int i = 0; i < 500; ++i) {
    std::size_t taken = 0;
    for (const std::size_t index : plan.choose({random.next(), random.next()}, kSeats)) {
      taken += plan.candidates()[index].ip == candidate(kNodes, 1).ip ? 1 : 0;
    }
    most = std::max(most, taken);
  }
  fmt::print("ports: 65,535 on one ip among {} nodes take at most {} of {} seats in 500 periods\n",
             kNodes, most, kSeats);
  return most <= 1;
}

/// What came of a number of periods.
struct Tally {
  std::size_t captures = 0;
  std::size_t most = 0;  ///< hostile seats in one committee

  void run(const SeatPlan& plan, std::size_t periods, std::uint64_t seed) {
    SeededRandom random(seed);
    for (std::size_t i = 0; i < periods; ++i) {
      std::size_t hostile = 0;
      for (const std::size_t index : plan.choose({random.next(), random.next()}, kSeats)) {
        hostile += index < kHostile ? 1 : 0;
      }
      captures += hostile >= kNeeded ? 1 : 0;
      most = std::max(most, hostile);
    }
  }
};

bool check_captures() {
  constexpr std::size_t kPeriods = 1'000'000;
  const SeatPlan plan(candidates(kNodes));
  std::array<Tally, 4> tallies{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      threads.emplace_back([&, i] { tallies[i].run(plan, kPeriods / tallies.size(), 100 + i); });
    }
  }
  Tally all;
  for (const Tally& tally : tallies) {
    all.captures += tally.captures;
    all.most = std::max(all.most, tally.most);
  }
  const double expected = kPeriods * Hypergeometric{kNodes, kHostile, kSeats}.at_least(kNeeded);
  fmt::print(
      "captures: {} of {} nodes hostile, {} of {} needed, {} periods: expected {:.4f}, "
      "observed {}, at most {} hostile seats\n",
      kHostile, kNodes, kNeeded, kSeats, kPeriods, expected, all.captures, all.most);
  return expected < 0.01 && all.captures == 0;
}

std::string random_word(Random& random) {
  return fmt::format("{:016x}{:016x}{:016x}{:016x}", random.next(), random.next(), random.next(),
                     random.next());
}

/// The value that masters make for one period.
std::string make_value(Random& random, const std::vector<Candidate>& masters) {
  SeatReport report;
  report.is_witness = true;
  for (const Candidate& master : masters) report.reveals[master.address] = random_word(random);
  return beacon_value({&report, 1}).value();
}

/// Guesses at the committee of a period from what everybody knows in the one before, and how they
/// fare.
class Foresight {
 public:
  struct Guess {
    const char* name;
    std::vector<double> overlaps = std::vector<double>(kSeats + 1);
  };

  void judge(Guess& guess, const std::vector<std::size_t>& guessed,
             const std::set<std::size_t>& actual) {
    const auto hits = std::count_if(guessed.begin(), guessed.end(),
                                    [&](std::size_t index) { return actual.contains(index); });
    ++guess.overlaps[static_cast<std::size_t>(hits)];
  }

  bool run(std::size_t periods) {
    const SeatPlan plan(candidates(kNodes));
    const std::vector<Candidate> masters = candidates(32);
    SeededRandom random(12);
    std::string value = make_value(random, masters);
    std::vector<std::size_t> before = plan.choose(seat_seed("vote", 0, value), kSeats);
    for (std::size_t i = 1; i <= periods; ++i) {
      const auto period = static_cast<std::int64_t>(i) * kPeriod;
      const auto by_old_value = plan.choose(seat_seed("vote", period, value), kSeats);
      const auto by_period = plan.choose(seat_seed("vote", period, {}), kSeats);
      value = make_value(random, masters);
      const auto chosen = plan.choose(seat_seed("vote", period, value), kSeats);
      const std::set<std::size_t> actual(chosen.begin(), chosen.end());
      judge(guesses_[0], before, actual);
      judge(guesses_[1], by_old_value, actual);
      judge(guesses_[2], by_period, actual);
      for (const std::size_t index : chosen) ++seats_[index];
      before = chosen;
    }
    return report(static_cast<double>(periods));
  }

 private:
  bool report(double periods) const {
    bool is_met = true;
    const auto tell = [&](const char* name, double p) {
      fmt::print("foresight: {}: p = {:.4f} over {} periods\n", name, p, periods);
      is_met = is_met && p > 0.001;
    };
    std::vector<double> expected;
    for (std::size_t hits = 0; hits <= kSeats; ++hits) {
      expected.push_back(periods * Hypergeometric{kNodes, kSeats, kSeats}.exactly(hits));
    }
    for (const Guess& guess : guesses_) tell(guess.name, fit(guess.overlaps, expected));
    // Seats of one period go to different nodes, which makes their counts a little more even.
    const double share = static_cast<double>(kSeats) / kNodes;
    double statistic = 0;
    for (const double seats : seats_) {
      statistic += (seats - periods * share) * (seats - periods * share);
    }
    statistic *= (kNodes - 1.0) / kNodes / (periods * share * (1 - share));
    tell("all nodes have equal chances", chi_square_tail(statistic, kNodes - 1));
    return is_met;
  }

  std::vector<Guess> guesses_{{"the committee sits on"},
                              {"the value of the period before decides"},
                              {"the period alone decides"}};
  std::vector<double> seats_ = std::vector<double>(kNodes);
};

}  // namespace

bool run_vote() {
  const bool has_few_ports = check_ports();
  const bool is_hidden = Foresight().run(50'000);
  const bool is_safe = check_captures();
  return has_few_ports && is_hidden && is_safe;
}

}  // namespace spreadable::sectest
