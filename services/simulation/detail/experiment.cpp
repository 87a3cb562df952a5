#include "services/simulation/detail/experiment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/assert.h"
#include "services/simulation/detail/mix.h"
#include "services/sync/sync.h"

namespace spreadable::detail {
namespace {

constexpr const char* kRollCall = "roll-call";
constexpr double kMessagesMax = 6;        // per node and interval
constexpr std::size_t kOtherInitial = 2;  // nodes to begin with, beside the first
constexpr int kSilentIntervals = 3;       // without a finished sync: none will finish
constexpr std::uint64_t kIndexMax = 1 << 24;

std::string percent(double share) {
  return std::to_string(100 * share) + " %";
}

}  // namespace

Simulation::Options Experiment::options_of(const ScenarioOptions& options) {
  return {.nodes = options.nodes,
          .seed = options.seed,
          .sync_interval = kInterval,
          .is_public = setup_.is_public,
          .make_node =
              [this](NodeOptions node, Environment environment, std::size_t index) {
                return make_node(std::move(node), std::move(environment), index);
              },
          .make_actor = [this](std::size_t index) -> std::unique_ptr<Actor> {
            const auto found = actors_.find(index);
            return found == actors_.end() ? nullptr : found->second();
          },
          .configure = [this](NodeOptions& node, std::size_t index) { configure(node, index); },
          .prepare = [this](Node& node, std::size_t index) { prepare(node, index); },
          .storage = setup_.storage,
          .logger = failures_};
}

Experiment::Experiment(const ScenarioOptions& options, Duration span, const ExperimentSetup& setup)
    : options_(options),
      span_(span),
      setup_(setup),
      failures_(std::make_shared<FailureCounter>(options.logger)),
      world_(options_of(options)) {
  figures_.scenario = options.name;
  figures_.nodes = options.nodes;
  figures_.seed = options.seed;
}

void Experiment::configure(NodeOptions& options, std::size_t index) const {
  if (index < initial_.size()) {
    const auto& others = initial_[index];
    options.initial_network_address.insert(options.initial_network_address.end(), others.begin(),
                                           others.end());
  }
  if (setup_.approval_period) {
    options.approval.push_back(
        {.name = "vote",
         .type = "client-ip",
         .settings = {{"period", std::to_string(setup_.approval_period->count()) + "ms"}}});
  }
}

std::unique_ptr<Node> Experiment::make_node(NodeOptions options, Environment environment,
                                            std::size_t index) const {
  if (careless_.contains(index)) {
    Sync::Options sync = Sync::Options::of(options);
    sync.ip_quota = {.in_list = Transport::kGroupMax, .in_network = Transport::kGroupMax};
    environment.services.emplace_back([sync] { return std::make_unique<Sync>(sync); });
  }
  return std::make_unique<Node>(std::move(options), std::move(environment));
}

void Experiment::prepare(Node& node, std::size_t index) {
  node.add_action(kRollCall)
      .internal()
      .local([token = token_of(index)](const Json&, CallContext&) -> Json {
        return Json::array({token});
      })
      .audit(audits::contains);
  if (prepare_) prepare_(node, index);
  const auto count_change = [this](const EventInfo&) { ++role_changes_; };
  node.on(Event::became_master, count_change);
  node.on(Event::ceased_master, count_change);
  node.on(Event::sync_finished,
          [this, index](const EventInfo&) { synced_at_[index] = world_.elapsed(); });
  node.on(Event::peer_banned, [this, index](const EventInfo& info) {
    const auto banned = world_.index_of(info.peer);
    if (banned && !is_hostile(*banned) && !is_hostile(index)) ++figures_.false_bans;
  });
}

/// What a node answers to a roll call: its number, in a form that no other number has by accident.
std::uint64_t Experiment::token_of(std::size_t index) const {
  return (mix(options_.seed, index) >> 40) * kIndexMax + index;
}

std::optional<std::size_t> Experiment::index_of_token(const Json& token) const {
  if (!token.is_number_unsigned()) return std::nullopt;
  const auto value = token.get<std::uint64_t>();
  const auto index = static_cast<std::size_t>(value % kIndexMax);
  return index < world_.size() && token_of(index) == value ? std::optional(index) : std::nullopt;
}

void Experiment::set_actor(std::size_t index, ActorMaker make) {
  SPREADABLE_ASSERT(index >= world_.size() || !world_.is_up(index));
  actors_[index] = std::move(make);
  hostile_.insert(index);
}

void Experiment::set_actors_everywhere(const ActorMaker& make) {
  for (std::size_t i = 0; i < world_.size(); ++i) actors_[i] = make;
}

void Experiment::set_actors(double share, const std::function<ActorMaker()>& choose) {
  std::vector<std::size_t> all(world_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  world_.random().shuffle(all);
  all.resize(static_cast<std::size_t>(share * static_cast<double>(all.size())));
  for (const std::size_t index : all) set_actor(index, choose());
}

void Experiment::turn_actors() {
  for (const std::size_t index : hostile_) {
    if (!world_.is_up(index)) continue;
    failures_->info(world_.address(index).text() + " turns hostile");
    world_.actor(index)->turn();
  }
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
  synced_at_.resize(world_.size());
  initial_.resize(world_.size());
  initial_[index].clear();
  for (const std::size_t other :
       world_.elapsed() > Duration::zero() ? pick(kOtherInitial, 1) : std::vector<std::size_t>()) {
    initial_[index].push_back(world_.address(other));
  }
  started_at_[index] = world_.elapsed();
  synced_at_[index] = world_.elapsed();
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
    if (world_.elapsed() >= next) end_interval();
  }
}

void Experiment::end_interval() {
  role_changes_max_ = std::max(role_changes_max_, role_changes_ - role_changes_before_);
  role_changes_before_ = role_changes_;
  take_sample();
  interval_begun_at_ = world_.elapsed();
  if (options_.on_progress) {
    options_.on_progress(std::min(1.0, std::chrono::duration<double>(world_.elapsed()) /
                                           std::chrono::duration<double>(span_)));
  }
}

void Experiment::take_sample() {
  const std::vector<std::size_t> nodes = honest();
  if (nodes.empty()) return;
  ScenarioSample sample{.at = world_.elapsed(),
                        .coverage = last_coverage_,
                        .nodes = world_.count_up(),
                        .size_min = std::numeric_limits<double>::max()};
  for (const std::size_t index : nodes) {
    const auto view = world_.node(index).peers().view();
    sample.masters += view->is_master() ? 1 : 0;
    sample.list_max = std::max(sample.list_max, view->slaves.size());
    const auto size = static_cast<double>(view->network_size());
    sample.size_mean += size / static_cast<double>(nodes.size());
    sample.size_min = std::min(sample.size_min, size);
    sample.size_max = std::max(sample.size_max, size);
  }
  const std::uint64_t requests = world_.network().counters().requests;
  const double spans = intervals(world_.elapsed() - interval_begun_at_);
  sample.messages = static_cast<double>(requests - requests_before_) /
                    (spans * static_cast<double>(sample.nodes));
  requests_before_ = requests;
  figures_.samples.push_back(sample);
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

std::vector<std::size_t> Experiment::honest(Duration span) const {
  std::vector<std::size_t> nodes = present(span);
  std::erase_if(nodes, [&](std::size_t index) { return is_hostile(index); });
  return nodes;
}

Experiment::RollCall Experiment::call_roll(Duration present_for, Duration patience) {
  const std::vector<std::size_t> expected = honest(present_for);
  if (expected.empty()) return {};
  const std::size_t coordinator = expected[world_.random().below(expected.size())];
  Node& node = world_.node(coordinator);
  const Duration begun = world_.elapsed();
  const auto result =
      node.traverse(kRollCall, Json::object(), Deadline::after(node.clock(), patience));
  SPREADABLE_ASSERT(result && result->value.is_array());
  std::vector<unsigned> answers(world_.size());
  for (const Json& token : result->value) {
    if (const auto index = index_of_token(token)) ++answers[*index];
  }
  RollCall call{.expected = expected.size(), .took = world_.elapsed() - begun};
  for (const std::size_t index : expected) {
    if (answers[index] > 0) ++call.answered;
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i] > 0) call.seen.push_back(i);
    if (!is_hostile(i)) call.duplicates += answers[i] > 1 ? answers[i] - 1 : 0;
  }
  return call;
}

void Experiment::count(const RollCall& call) {
  if (call.expected == 0) return;
  coverage_sum_ += call.coverage();
  last_coverage_ = call.coverage();
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

double Experiment::share_free(Freedom freedom) {
  const std::vector<std::size_t> nodes = honest();
  std::vector<Address> hostile;
  for (const std::size_t index : hostile_) hostile.push_back(world_.address(index));
  const bool is_any = freedom == Freedom::from_presence;
  const auto is_free = [&](std::size_t index) {
    Node& node = world_.node(index);
    const auto view = node.peers().view();
    return std::none_of(hostile.begin(), hostile.end(), [&](const Address& bad) {
      // A slave that takes the list of a master which is behind refuses by itself whom it has
      // banned.
      const bool is_passed_by = !is_any && node.book().is_suspect(bad);
      const bool is_asked =
          view->find_master(bad) && !is_passed_by && node.access().check_lists(bad).has_value();
      return is_asked || (is_any && view->has_slave(bad)) || view->backlink == bad;
    });
  };
  if (nodes.empty()) return 1;
  const auto count = std::count_if(nodes.begin(), nodes.end(), is_free);
  return static_cast<double>(count) / static_cast<double>(nodes.size());
}

double Experiment::size_error() {
  const std::vector<std::size_t> nodes = honest();
  const auto least = static_cast<double>(nodes.size());
  const auto most = static_cast<double>(world_.count_up());
  double sum = 0;
  for (const std::size_t index : nodes) {
    const auto size = static_cast<double>(world_.node(index).peers().view()->network_size());
    sum += std::max({0.0, (least - size) / least, (size - most) / most});
  }
  return nodes.empty() ? 0 : sum / static_cast<double>(nodes.size());
}

std::size_t Experiment::count_refused() {
  const std::vector<std::size_t> nodes = honest();
  std::vector<bool> is_refused(world_.size());
  for (const std::size_t index : nodes) {
    for (const std::size_t other : nodes) {
      if (other == index || is_refused[other]) continue;
      is_refused[other] = !world_.node(index).access().check_lists(world_.address(other));
    }
  }
  return static_cast<std::size_t>(std::count(is_refused.begin(), is_refused.end(), true));
}

std::uint64_t Experiment::aborted_syncs() const {
  const std::vector<std::size_t> nodes = honest(kSilentIntervals * kInterval);
  const auto stuck = std::count_if(nodes.begin(), nodes.end(), [&](std::size_t index) {
    return world_.elapsed() - synced_at_[index] > kSilentIntervals * kInterval;
  });
  return failures_->count() + static_cast<std::uint64_t>(stuck);
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

void Experiment::require_mean_coverage(double least) {
  const double mean = figures_.coverage_mean.value_or(0);
  require(mean >= least, "mean coverage is " + percent(mean) + ", below " + percent(least));
}

ScenarioFigures Experiment::finish() {
  figures_.masters = world_.count_masters();
  figures_.list_max = world_.longest_list();
  figures_.digest = world_.digest();
  return figures_;
}

}  // namespace spreadable::detail
