#include "services/simulation/detail/experiment.h"

#include <algorithm>
#include <cmath>

#include "core/assert.h"

namespace spreadable::detail {
namespace {

constexpr const char* kRollCall = "roll-call";
constexpr Duration kPatience = std::chrono::seconds{10};  // of a client that names no timeout
constexpr double kMessagesMax = 6;                        // per node and interval
constexpr std::size_t kOtherInitial = 2;                  // nodes to begin with, beside the first

}  // namespace

Simulation::Options Experiment::options_of(const ScenarioOptions& options) {
  return {.nodes = options.nodes,
          .seed = options.seed,
          .sync_interval = kInterval,
          .configure =
              [this](NodeOptions& node, std::size_t index) {
                if (index >= initial_.size()) return;
                const auto& others = initial_[index];
                node.initial_network_address.insert(node.initial_network_address.end(),
                                                    others.begin(), others.end());
              },
          .prepare = [this](Node& node, std::size_t index) { prepare(node, index); }};
}

Experiment::Experiment(const ScenarioOptions& options, Duration span)
    : options_(options), span_(span), world_(options_of(options)) {
  figures_.scenario = options.name;
  figures_.nodes = options.nodes;
  figures_.seed = options.seed;
}

void Experiment::prepare(Node& node, std::size_t index) {
  node.add_action(kRollCall).internal().local(
      [index](const Json&, CallContext&) -> Json { return Json::array({index}); });
  const auto count_change = [this](const EventInfo&) { ++role_changes_; };
  node.on(Event::became_master, count_change);
  node.on(Event::ceased_master, count_change);
  node.on(Event::peer_banned, [this](const EventInfo&) { ++figures_.false_bans; });
}

double Experiment::intervals(Duration span) const {
  return std::chrono::duration<double>(span) / std::chrono::duration<double>(kInterval);
}

Duration Experiment::left() const {
  return std::max(Duration::zero(), span_ - world_.elapsed());
}

void Experiment::start(std::size_t index) {
  const std::size_t known = world_.size();
  if (index >= known) world_.add(index + 1 - known);
  started_at_.resize(world_.size());
  initial_.resize(world_.size());
  for (const std::size_t other :
       world_.elapsed() > Duration::zero() ? pick(kOtherInitial, 1) : std::vector<std::size_t>()) {
    initial_[index].push_back(world_.address(other));
  }
  started_at_[index] = world_.elapsed();
  world_.start(index);
}

void Experiment::start_all() {
  for (std::size_t i = 0; i < world_.size(); ++i) {
    if (!world_.is_up(i)) start(i);
  }
}

void Experiment::end_somehow(std::size_t index) {
  switch (world_.random().below(4)) {
    case 0:
      return world_.crash(index, Death::process);
    case 1:
      return world_.crash(index, Death::machine);
    default:
      return world_.stop(index);
  }
}

void Experiment::run_for(Duration span) {
  const Duration end = world_.elapsed() + span;
  while (world_.elapsed() < end) {
    const Duration next = interval_begun_at_ + kInterval;
    world_.run_for(std::min(end, std::max(next, world_.elapsed())) - world_.elapsed());
    if (world_.elapsed() < next) continue;
    role_changes_max_ = std::max(role_changes_max_, role_changes_ - role_changes_before_);
    role_changes_before_ = role_changes_;
    interval_begun_at_ = world_.elapsed();
    if (options_.on_progress) {
      options_.on_progress(std::min(1.0, std::chrono::duration<double>(world_.elapsed()) /
                                             std::chrono::duration<double>(span_)));
    }
  }
}

std::optional<Duration> Experiment::settle(Duration limit) {
  const Duration begun = world_.elapsed();
  const Duration step = kInterval / 8;
  while (world_.elapsed() - begun <= limit) {
    const Duration so_far = world_.elapsed() - begun;
    if (world_.is_settled() && call_roll().is_perfect()) return so_far;
    run_for(step);
  }
  return std::nullopt;
}

std::vector<std::size_t> Experiment::present(Duration span) const {
  std::vector<std::size_t> nodes;
  for (std::size_t i = 0; i < world_.size(); ++i) {
    if (world_.is_up(i) && world_.elapsed() - started_at_[i] >= span) nodes.push_back(i);
  }
  return nodes;
}

std::vector<std::size_t> Experiment::pick(std::size_t count, std::size_t begin) {
  std::vector<std::size_t> nodes = present(Duration::zero());
  std::erase_if(nodes, [&](std::size_t index) { return index < begin; });
  world_.random().shuffle(nodes);
  nodes.resize(std::min(nodes.size(), count));
  return nodes;
}

Experiment::RollCall Experiment::call_roll(Duration present_for) {
  const std::vector<std::size_t> expected = present(present_for);
  if (expected.empty()) return {};
  const std::size_t coordinator = expected[world_.random().below(expected.size())];
  Node& node = world_.node(coordinator);
  const auto result =
      node.traverse(kRollCall, Json::object(), Deadline::after(node.clock(), kPatience));
  SPREADABLE_ASSERT(result && result->value.is_array());
  std::vector<unsigned> answers(world_.size());
  for (const Json& index : result->value) ++answers.at(index.get<std::size_t>());
  RollCall call{.expected = expected.size()};
  for (const std::size_t index : expected) {
    if (answers[index] > 0) ++call.answered;
  }
  for (const unsigned count : answers) call.duplicates += count > 1 ? count - 1 : 0;
  return call;
}

void Experiment::count(const RollCall& call) {
  if (call.expected == 0) return;
  coverage_sum_ += call.coverage();
  ++roll_calls_;
  figures_.coverage_mean = coverage_sum_ / static_cast<double>(roll_calls_);
  figures_.coverage_min = std::min(figures_.coverage_min.value_or(1), call.coverage());
  figures_.duplicates = figures_.duplicates.value_or(0) + call.duplicates;
}

void Experiment::watch(Duration span, Duration pause, Duration present_for) {
  const Duration end = world_.elapsed() + span;
  while (world_.elapsed() < end) {
    run_for(std::min(pause, end - world_.elapsed()));
    count(call_roll(present_for));
  }
}

void Experiment::begin_measuring() {
  role_changes_max_ = 0;
  role_changes_before_ = role_changes_;
  interval_begun_at_ = world_.elapsed();
  measured_from_ = world_.elapsed();
  counters_before_ = world_.network().counters();
}

void Experiment::end_measuring() {
  const auto now = world_.network().counters();
  const double share =
      intervals(world_.elapsed() - measured_from_) * static_cast<double>(world_.count_up());
  if (share <= 0) return;
  figures_.messages_per_node_interval =
      static_cast<double>(now.requests - counters_before_.requests) / share;
  figures_.bytes_per_node_interval =
      static_cast<double>(now.bytes - counters_before_.bytes) / share;
}

void Experiment::require(bool holds, std::string what) {
  if (!holds) figures_.missed.push_back(std::move(what));
}

void Experiment::require_settled_bounds() {
  const double root = std::sqrt(static_cast<double>(world_.count_up()));
  const auto masters = static_cast<double>(world_.count_masters());
  require(masters >= std::floor(root / 1.5) && masters <= std::max(2.0, 1.5 * root),
          "masters are " + std::to_string(world_.count_masters()));
  require(static_cast<double>(world_.longest_list()) <= std::floor(root) + 1,
          "the longest list has " + std::to_string(world_.longest_list()));
  require(figures_.messages_per_node_interval.value_or(0) <= kMessagesMax,
          "messages per node and interval are over 6");
}

void Experiment::require_no_false_bans() {
  require(figures_.false_bans == 0, "nodes that had done no wrong were banned " +
                                        std::to_string(figures_.false_bans) + " times");
}

ScenarioFigures Experiment::finish() {
  figures_.masters = world_.count_masters();
  figures_.list_max = world_.longest_list();
  figures_.digest = world_.digest();
  return figures_;
}

}  // namespace spreadable::detail
