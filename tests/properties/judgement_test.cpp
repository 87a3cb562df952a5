// Karma, and who sits in a committee.
#include <cmath>
#include <set>

#include "core/count_rule.h"
#include "services/approvals/committee.h"
#include "services/behaviours/evidence.h"
#include "services/behaviours/score.h"
#include "services/system/system_random.h"
#include "tests/properties/generators.h"
#include "tests/properties/property.h"

namespace spreadable {
namespace {

using Testimony = Evidence::Testimony;

Candidate candidate(const Address& address, std::uint8_t network) {
  return {address, IpAddress::parse("203.0." + std::to_string(network) + ".1").value()};
}

}  // namespace

TEST_CASE("judgement: scores: never negative, and never above what the bad turns weigh together") {
  holds([](bool is_exponential) {
    Score score;
    double bound = 0;
    unsigned in_a_row = 0;
    for (const int turn : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-100, 101))) {
      const double before = score.suspicion;
      if (turn > 0) {
        score.worsen(turn / 100.0, is_exponential);
        bound += std::max(1.0, std::sqrt(static_cast<double>(in_a_row)));
        ++in_a_row;
        RC_ASSERT(score.suspicion > before);
      } else {
        score.improve(is_exponential);
        in_a_row = 0;
        RC_ASSERT(score.suspicion <= before);
      }
      RC_ASSERT(score.suspicion >= 0.0);
      RC_ASSERT(score.suspicion <= bound);
      RC_ASSERT((score.up == 0U) != (score.down == 0U));
    }
  });
}

TEST_CASE(
    "judgement: scores: as many good turns in a row as there were bad ones take it all back") {
  holds([](bool is_exponential) {
    Score score;
    const int turns = *rc::gen::inRange(0, 200);
    for (int i = 0; i < turns; ++i) score.worsen(1, is_exponential);
    for (int i = 0; i < turns; ++i) score.improve(is_exponential);
    RC_ASSERT(score.suspicion < 1e-9);
  });
}

TEST_CASE("judgement: evidence: those against are witnesses, and one word alone convicts nobody") {
  holds([] {
    const Address self = Address::from_parts("localhost", 99).value();
    Evidence evidence(self, {});
    std::set<Address> witnesses;
    TimePoint now{std::chrono::hours{24}};
    const auto testimonies = *rc::gen::container<std::vector<std::pair<Address, Testimony>>>(
        rc::gen::pair(generate::address(30),
                      rc::gen::element(Testimony::unclear, Testimony::present, Testimony::missing,
                                       Testimony::elsewhere, Testimony::absent)));
    for (const auto& [witness, testimony] : testimonies) {
      now += std::chrono::seconds{*rc::gen::inRange(0, 400)};
      evidence.note(witness, testimony, now);
      witnesses.insert(witness);
      RC_ASSERT(evidence.against() <= witnesses.size());
      if (witnesses.size() == 1U) RC_ASSERT(!evidence.is_damning(30));
    }
    const std::vector<Address> list = *generate::addresses(30);
    SeededRandom random(1);
    const auto count = *rc::gen::inRange<std::size_t>(0, 40);
    const std::vector<Address> chosen = evidence.choose(list, count, random, now);
    RC_ASSERT(chosen.size() == std::min(count, list.size()));
    RC_ASSERT(std::set<Address>(chosen.begin(), chosen.end()).size() == chosen.size());
    evidence.keep_only({}, now);
    RC_ASSERT(evidence.against() == 0U);
  });
}

TEST_CASE("judgement: committee: one seat for each network, whoever is named first") {
  holds([] {
    std::vector<Candidate> candidates;
    for (const Address& address : *generate::addresses(30)) {
      candidates.push_back(candidate(address, *rc::gen::inRange<std::uint8_t>(0, 6)));
    }
    const SeatSeed seed{*rc::gen::arbitrary<std::uint64_t>(), 7};
    const auto count = *rc::gen::inRange<std::size_t>(0, 10);
    const SeatPlan plan(candidates);
    std::reverse(candidates.begin(), candidates.end());
    const SeatPlan other(candidates);
    const auto chosen = plan.choose(seed, count);
    const auto others = other.choose(seed, count);
    RC_ASSERT(chosen.size() == std::min(count, plan.seats()));
    RC_ASSERT(chosen.size() == others.size());
    std::set<std::string> networks;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const Candidate& seated = plan.candidates()[chosen[i]];
      RC_ASSERT(seated.address == other.candidates()[others[i]].address);
      RC_ASSERT(networks.insert(seat_group(seated)).second);
    }
  });
}

TEST_CASE("judgement: committee: fewer seats are the first of more") {
  holds([] {
    std::vector<Candidate> candidates;
    for (const Address& address : *generate::addresses(40)) {
      candidates.push_back(candidate(address, static_cast<std::uint8_t>(address.port())));
    }
    const SeatPlan plan(candidates);
    const SeatSeed seed{*rc::gen::arbitrary<std::uint64_t>(), 7};
    auto all = plan.choose(seed, plan.seats());
    const auto count = *rc::gen::inRange<std::size_t>(0, plan.seats() + 1);
    all.resize(count);
    RC_ASSERT(plan.choose(seed, count) == all);
  });
}

TEST_CASE("judgement: counts: every rule gives between one and all") {
  holds([] {
    const auto n = *rc::gen::inRange<std::size_t>(1, 1'000'000);
    const double value = *rc::gen::inRange(1, 100'000) / 100.0;
    const auto degree = *rc::gen::inRange(1U, 65U);
    for (const CountRule& rule :
         {CountRule::root(degree), CountRule::percent(value), CountRule::fixed(value)}) {
      RC_ASSERT(rule.of(n) >= 1U);
      RC_ASSERT(rule.of(n) <= n);
      RC_ASSERT(rule.of(n + 1) >= rule.of(n));
    }
  });
}

TEST_CASE("judgement: order of approvers: each once, and the same for whoever asks") {
  holds([] {
    std::vector<std::string> texts;
    for (const Address& address : *rc::gen::container<std::vector<Address>>(generate::address())) {
      texts.push_back(address.text());
    }
    const auto period = *rc::gen::arbitrary<std::int64_t>();
    const auto order = approver_order(texts, period);
    const std::set<std::string> distinct(texts.begin(), texts.end());
    RC_ASSERT(std::set<std::string>(order.begin(), order.end()) == distinct);
    RC_ASSERT(order.size() == distinct.size());
    std::reverse(texts.begin(), texts.end());
    RC_ASSERT(approver_order(texts, period) == order);
  });
}

}  // namespace spreadable
