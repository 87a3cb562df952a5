// Who gets the seats of committees: in the network, and over more periods than one can wait for.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/count_rule.h"
#include "core/wire.h"
#include "services/approvals/committee.h"
#include "services/simulation/detail/scenarios/scenario_list.h"
#include "services/simulation/detail/scenarios/steps.h"
#include "services/simulation/statistics.h"
#include "services/system/system_random.h"

namespace spreadable::detail {
namespace {

constexpr Duration kWarmUp = std::chrono::minutes{30};
constexpr double kWarmUpShare = 0.5;  // of the span, where that is short
constexpr Duration kPeriod = std::chrono::minutes{1};
constexpr std::size_t kSeats = 31;
constexpr std::size_t kViewers = 5;  // honest nodes that find each committee
constexpr double kSameMin = 0.98;    // of all views of one committee
constexpr std::uint16_t kPortsMax = 65'535;
constexpr std::size_t kPortPeriods = 500;
/// Periods tried for each node of the network: a million for a thousand nodes.
constexpr std::size_t kPeriodsPerNode = 1'000;
constexpr std::size_t kGuessesPerNode = 20;
constexpr double kChanceMin = 0.001;

/// Committees as the nodes of a network find them.
class Ballot {
 public:
  Ballot(Experiment& experiment, std::size_t ports_begin)
      : experiment_(experiment), ports_begin_(ports_begin) {}

  /// Lets a few honest nodes find the present committee.
  void look() {
    std::map<std::vector<std::size_t>, std::size_t> views;
    for (std::size_t i = 0; i < kViewers; ++i) {
      const std::vector<std::size_t> honest = experiment_.honest();
      ++views[committee_of(honest[experiment_.world().random().below(honest.size())])];
    }
    std::size_t most = 0;
    for (const auto& [members, count] : views) {
      most = std::max(most, count);
      judge(members);
    }
    seen_ += kViewers;
    same_ += most;
  }

  void require() {
    ScenarioFigures& figures = experiment_.figures();
    figures.seats_max = seats_max_;
    figures.captures = captures_;
    experiment_.require(seen_ > 0, "no committee was found");
    experiment_.require(seats_max_ <= 1,
                        "one machine had " + std::to_string(seats_max_) + " seats in a committee");
    experiment_.require(captures_ == 0,
                        std::to_string(captures_) + " committees belonged to hostile nodes");
    experiment_.require(static_cast<double>(same_) >= kSameMin * static_cast<double>(seen_),
                        std::to_string(seen_ - same_) + " of " + std::to_string(seen_) +
                            " views of committees were not those of the others");
  }

 private:
  /// By number; as node `viewer` finds it now.
  std::vector<std::size_t> committee_of(std::size_t viewer) {
    Node& node = experiment_.world().node(viewer);
    HttpRequest request{.method = Method::post,
                        .path = std::string(wire::kClientRoute) + "request-approval-key",
                        .remote_ip = IpAddress::loopback()};
    const auto own = node.router().handle_own(std::move(request), {{"action", "vote"}},
                                              Deadline::after(node.clock(), kPatience));
    std::vector<std::size_t> members;
    const auto& body = std::get<Result<Json>>(own.answer);
    if (!body || !body->is_object() || !body->contains("approvers")) return members;
    for (const Json& text : (*body)["approvers"]) {
      const auto address = Address::parse(text.get_ref<const std::string&>());
      const auto index = address ? experiment_.world().index_of(*address) : std::nullopt;
      if (index) members.push_back(*index);
    }
    return members;
  }

  void judge(const std::vector<std::size_t>& members) {
    const auto ports = std::count_if(members.begin(), members.end(),
                                     [&](std::size_t index) { return index >= ports_begin_; });
    const auto hostile = std::count_if(members.begin(), members.end(), [&](std::size_t index) {
      return experiment_.is_hostile(index);
    });
    seats_max_ = std::max(seats_max_, static_cast<std::size_t>(ports));
    const std::size_t needed =
        CountRule::percent(66.6).of(std::max<std::size_t>(1, members.size()));
    if (static_cast<std::size_t>(hostile) >= needed) ++captures_;
  }

  static constexpr Duration kPatience = std::chrono::seconds{10};

  Experiment& experiment_;
  const std::size_t ports_begin_;  ///< nodes of the one machine
  std::size_t seats_max_ = 0;
  std::uint64_t captures_ = 0;
  std::size_t seen_ = 0;
  std::size_t same_ = 0;
};

/// The choice of committees among the nodes of the network, over very many periods.
class Lottery {
 public:
  Lottery(Experiment& experiment, std::size_t nodes)
      : experiment_(experiment), nodes_(nodes), random_(experiment.figures().seed) {
    for (std::size_t i = 0; i < nodes_; ++i) candidates_.push_back(candidate(i));
  }

  /// With all ports of one machine among the candidates.
  void draw_ports() {
    std::vector<Candidate> all = candidates_;
    const std::string host = "9.9.1.7";
    for (std::uint16_t port = kPortsMax; port > 0; --port) {
      all.push_back({*Address::from_parts(host, port), *IpAddress::parse(host), false});
    }
    const SeatPlan plan(std::move(all));
    std::size_t most = 0;
    for (std::size_t i = 0; i < kPortPeriods; ++i) {
      std::size_t taken = 0;
      for (const std::size_t index : plan.choose(seed(), kSeats)) {
        taken += plan.candidates()[index].address.host() == host ? 1 : 0;
      }
      most = std::max(most, taken);
    }
    ScenarioFigures& figures = experiment_.figures();
    figures.seats_max = std::max(figures.seats_max.value_or(0), most);
    experiment_.require(most <= 1, "65,535 ports had " + std::to_string(most) + " seats");
  }

  /// How often hostile nodes get a committee to themselves.
  void draw_captures() {
    const SeatPlan plan(candidates_);
    const std::vector<bool> hostile = hostile_of(plan);
    const auto marked = static_cast<std::size_t>(std::count(hostile.begin(), hostile.end(), true));
    const std::size_t seats = std::min(kSeats, nodes_);
    const std::size_t needed = CountRule::percent(66.6).of(seats);
    const std::size_t periods = kPeriodsPerNode * nodes_;
    std::uint64_t captures = 0;
    for (std::size_t i = 0; i < periods; ++i) {
      std::size_t taken = 0;
      for (const std::size_t index : plan.choose(seed(), seats)) taken += hostile[index] ? 1 : 0;
      captures += taken >= needed ? 1 : 0;
    }
    ScenarioFigures& figures = experiment_.figures();
    figures.captures = figures.captures.value_or(0) + captures;
    figures.captures_expected =
        static_cast<double>(periods) * Hypergeometric{nodes_, marked, seats}.at_least(needed);
    experiment_.require(captures == 0, std::to_string(captures) + " of " + std::to_string(periods) +
                                           " periods were captured");
    experiment_.require(
        *figures.captures_expected < 0.01,
        "captures to be expected are " + std::to_string(*figures.captures_expected));
  }

  /// Whether the committee of a period tells anything about the next: guesses from what everybody
  /// knows in the one before.
  void draw_guesses() {
    const SeatPlan plan(candidates_);
    const std::size_t seats = std::min(kSeats, nodes_ / 2);
    const std::size_t periods = kGuessesPerNode * nodes_;
    std::vector<std::vector<double>> overlaps(3, std::vector<double>(seats + 1));
    std::string value = word();
    std::vector<std::size_t> before = plan.choose(seat_seed("vote", 0, value), seats);
    for (std::size_t i = 1; i <= periods; ++i) {
      const auto start = static_cast<std::int64_t>(i) * to_millis(kPeriod);
      const auto by_old_value = plan.choose(seat_seed("vote", start, value), seats);
      const auto by_period = plan.choose(seat_seed("vote", start, {}), seats);
      value = word();
      const auto chosen = plan.choose(seat_seed("vote", start, value), seats);
      const std::set<std::size_t> actual(chosen.begin(), chosen.end());
      const std::array<const std::vector<std::size_t>*, 3> guesses{&before, &by_old_value,
                                                                   &by_period};
      for (std::size_t guess = 0; guess < guesses.size(); ++guess) {
        const auto hits = std::count_if(guesses[guess]->begin(), guesses[guess]->end(),
                                        [&](std::size_t index) { return actual.contains(index); });
        ++overlaps[guess][static_cast<std::size_t>(hits)];
      }
      before = chosen;
    }
    judge_guesses(overlaps, static_cast<double>(periods), seats);
  }

 private:
  static std::int64_t to_millis(Duration span) {
    return std::chrono::duration_cast<Millis>(span).count();
  }

  void judge_guesses(const std::vector<std::vector<double>>& overlaps, double periods,
                     std::size_t seats) {
    std::vector<double> expected;
    for (std::size_t hits = 0; hits <= seats; ++hits) {
      expected.push_back(periods * Hypergeometric{nodes_, seats, seats}.exactly(hits));
    }
    double worst = 1;
    for (const auto& overlap : overlaps) worst = std::min(worst, fit(overlap, expected));
    experiment_.figures().foresight_p = worst;
    experiment_.require(worst > kChanceMin,
                        "the next committee can be guessed: p is " + std::to_string(worst));
  }

  [[nodiscard]] Candidate candidate(std::size_t index) const {
    const Address& address = experiment_.world().address(index);
    return {address, *IpAddress::parse(address.host()), false};
  }

  [[nodiscard]] std::vector<bool> hostile_of(const SeatPlan& plan) const {
    std::vector<bool> hostile;
    for (const Candidate& one : plan.candidates()) {
      hostile.push_back(experiment_.is_hostile(*experiment_.world().index_of(one.address)));
    }
    return hostile;
  }

  [[nodiscard]] SeatSeed seed() { return {random_.next(), random_.next()}; }
  [[nodiscard]] std::string word() {
    return std::to_string(random_.next()) + "-" + std::to_string(random_.next());
  }

  Experiment& experiment_;
  const std::size_t nodes_;  ///< without those of the one machine
  SeededRandom random_;
  std::vector<Candidate> candidates_;
};

}  // namespace

void play_vote(Experiment& experiment, double share) {
  Simulation& world = experiment.world();
  const std::size_t nodes = world.size();
  // They do what all do, until there is a vote.
  experiment.set_actors(share, [] { return [] { return std::make_unique<Actor>(); }; });
  world.add_at(*IpAddress::parse("9.9.1.7"), nodes);
  for (std::size_t i = nodes; i < world.size(); ++i) {
    experiment.set_actor(i, [] { return std::make_unique<Actor>(); });
  }
  for (std::size_t i = 0; i < nodes; ++i) experiment.start(i);
  experiment.run_for(join_intervals_max(nodes) * experiment.interval());
  for (std::size_t i = nodes; i < world.size(); ++i) experiment.start(i);
  const auto part = std::chrono::duration_cast<Duration>(kWarmUpShare * experiment.left());
  experiment.run_for(std::min(kWarmUp, part));

  Ballot ballot(experiment, nodes);
  while (experiment.left() > Duration::zero()) {
    experiment.run_for(std::min(experiment.left(), kPeriod));
    experiment.count(experiment.call_roll(2 * experiment.interval()));
    ballot.look();
  }
  ballot.require();
  Lottery lottery(experiment, nodes);
  lottery.draw_ports();
  lottery.draw_captures();
  lottery.draw_guesses();
}

}  // namespace spreadable::detail
