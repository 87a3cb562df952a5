#include "services/simulation/detail/scenarios/nemesis.h"

#include <algorithm>
#include <stdexcept>

namespace spreadable::detail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The worst of what a seed may choose.
constexpr double kLossMax = 0.3;
constexpr double kDuplicationMax = 0.5;
constexpr double kReorderingMax = 0.5;
constexpr double kStorageErrorsMax = 0.08;
constexpr Duration kSyncMax = milliseconds{50};
constexpr double kDriftMax = 0.01;
constexpr Duration kCutMax = seconds{60};
constexpr Duration kClogMax = seconds{20};
constexpr Duration kDownMax = seconds{60};
constexpr Duration kFrozenMax = seconds{40};
constexpr Duration kSlowMax = milliseconds{50};
constexpr Millis kJumpMax = std::chrono::hours{1};
constexpr std::size_t kClogsAtOnce = 20;

}  // namespace

Nemesis::Nemesis(Experiment& experiment)
    : experiment_(experiment), random_(experiment.world().random()) {
  // Each kind of fault is there in two of three runs.
  const auto maybe = [&](double most) { return random_.below(3) == 0 ? 0 : up_to(most); };
  NetworkConditions conditions = experiment_.world().network().conditions();
  conditions.loss = maybe(kLossMax);
  conditions.duplication = maybe(kDuplicationMax);
  conditions.reordering = maybe(kReorderingMax);
  experiment_.world().network().set_conditions(conditions);
  rates_ = {.cut = maybe(0.05),
            .clog = maybe(0.5),
            .crash = maybe(0.2),
            .freeze = maybe(0.1),
            .jump = maybe(0.2)};
  storage_ = {.read_errors = maybe(kStorageErrorsMax),
              .write_errors = maybe(kStorageErrorsMax),
              .sync_max = time_up_to(kSyncMax),
              .is_unruly = random_.below(2) == 0};
  for (std::size_t i = 0; i < experiment_.world().size(); ++i) {
    experiment_.world().set_storage_faults(i, storage_);
  }
}

bool Nemesis::happens(double rate) {
  return random_.uniform() < rate;
}

double Nemesis::up_to(double most) {
  return most * random_.uniform();
}

Duration Nemesis::time_up_to(Duration most) {
  return std::chrono::duration_cast<Duration>(most * random_.uniform());
}

std::optional<std::size_t> Nemesis::victim() {
  std::vector<std::size_t> awake = experiment_.present(Duration::zero());
  std::erase_if(awake, [&](std::size_t index) { return frozen_.contains(index); });
  if (awake.size() < experiment_.world().size() / 2) return std::nullopt;
  return awake[random_.below(awake.size())];
}

void Nemesis::act() {
  end_what_is_over();
  if (happens(rates_.cut)) cut();
  if (happens(rates_.clog)) clog();
  if (happens(rates_.crash)) crash();
  if (happens(rates_.freeze)) freeze();
  if (happens(rates_.jump)) jump();
}

void Nemesis::end_what_is_over() {
  Simulation& world = experiment_.world();
  if (healed_at_ && world.elapsed() >= *healed_at_) {
    world.network().heal();
    healed_at_.reset();
  }
  for (auto it = frozen_.begin(); it != frozen_.end();) {
    if (world.elapsed() < it->second) {
      ++it;
      continue;
    }
    if (world.is_up(it->first)) world.thaw(it->first);
    it = frozen_.erase(it);
  }
  // A node whose start failed for want of its disk is down without our doing.
  for (std::size_t i = 0; i < world.size(); ++i) {
    if (!world.is_up(i)) down_until_.try_emplace(i, world.elapsed() + seconds{1});
  }
  const auto down = down_until_;
  for (const auto& [index, until] : down) {
    if (world.elapsed() >= until) restart(index);
  }
}

void Nemesis::restart(std::size_t index) {
  Simulation& world = experiment_.world();
  try {
    if (!world.is_up(index)) experiment_.start(index);
    down_until_.erase(index);
    if (Actor* const actor = world.actor(index)) actor->turn();
  } catch (const std::runtime_error&) {  // its disk could not be read
    down_until_[index] = world.elapsed() + seconds{1};
  }
}

void Nemesis::cut() {
  Simulation& world = experiment_.world();
  std::vector<MachineId> machines = world.machines(0, world.size());
  random_.shuffle(machines);
  const auto border = static_cast<std::ptrdiff_t>(1 + random_.below(machines.size() / 2));
  const std::vector<MachineId> some(machines.begin(), machines.begin() + border);
  const std::vector<MachineId> others(machines.begin() + border, machines.end());
  switch (random_.below(3)) {
    case 0:
      world.network().cut(some, others);
      break;
    case 1:
      world.network().cut_one_way(some, others);
      break;
    default:
      world.network().cut_one_way(others, some);
      break;
  }
  healed_at_ =
      std::max(healed_at_.value_or(Duration::zero()), world.elapsed() + time_up_to(kCutMax));
}

void Nemesis::clog() {
  Simulation& world = experiment_.world();
  for (std::size_t i = 0; i < kClogsAtOnce; ++i) {
    const MachineId from = world.machine(random_.below(world.size()));
    const MachineId to = world.machine(random_.below(world.size()));
    world.network().clog(from, to, VirtualTime::kStart + world.elapsed() + time_up_to(kClogMax));
  }
}

void Nemesis::crash() {
  const auto index = victim();
  if (!index) return;
  experiment_.end_somehow(*index);
  down_until_[*index] = experiment_.world().elapsed() + time_up_to(kDownMax);
}

void Nemesis::freeze() {
  const auto index = victim();
  if (!index) return;
  experiment_.world().freeze(*index);
  frozen_[*index] = experiment_.world().elapsed() + time_up_to(kFrozenMax);
}

void Nemesis::jump() {
  const auto index = victim();
  if (!index) return;
  Simulation& world = experiment_.world();
  switch (random_.below(3)) {
    case 0:
      world.set_wall_offset(
          *index, std::chrono::duration_cast<Millis>(kJumpMax * (2 * random_.uniform() - 1)));
      break;
    case 1:
      world.set_drift(*index, kDriftMax * (2 * random_.uniform() - 1));
      break;
    default:
      world.network().set_slow(world.machine(*index), time_up_to(kSlowMax));
      break;
  }
}

void Nemesis::relent() {
  Simulation& world = experiment_.world();
  world.network().set_conditions({});
  world.network().heal();
  world.network().unclog();
  for (const auto& [index, until] : frozen_) {
    if (world.is_up(index)) world.thaw(index);
  }
  frozen_.clear();
  for (std::size_t i = 0; i < world.size(); ++i) {
    world.set_storage_faults(i, {});
    world.network().set_slow(world.machine(i), Duration::zero());
    world.set_wall_offset(i, Millis{0});
    world.set_drift(i, 0);
    if (experiment_.is_hostile(i)) {
      if (world.is_up(i)) world.crash(i);
    } else if (!world.is_up(i)) {
      experiment_.start(i);
    }
  }
  down_until_.clear();
}

}  // namespace spreadable::detail
