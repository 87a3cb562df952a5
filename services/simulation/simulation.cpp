#include "services/simulation/simulation.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/assert.h"
#include "services/default_services.h"
#include "services/simulation/detail/mix.h"
#include "services/simulation/virtual_scheduler.h"
#include "services/simulation/virtual_waits.h"
#include "services/system/system_random.h"

namespace spreadable {
namespace {

constexpr std::uint16_t kPort = 80;  // short, so that most addresses fit into a std::string itself
constexpr std::size_t kMachinesMax = std::size_t{1} << 24;        // the addresses of 10.0.0.0/8
constexpr std::size_t kPublicMachinesMax = std::size_t{1} << 20;  // 11.0.0.0 to 26.255.255.0
constexpr std::size_t kViolationsMax = 64;
constexpr Duration kUptimeMax = std::chrono::hours{24 * 30};

class SilentLogger final : public Logger {
 public:
  bool is_enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view) override {}
};

/// Says of each record when and where it was made.
class TaggedLogger final : public Logger {
 public:
  TaggedLogger(const VirtualTime& time, const Address& address, Logger& logger)
      : time_(time), address_(address), logger_(logger) {}

  bool is_enabled(LogLevel level) const override { return logger_.is_enabled(level); }
  void write(LogLevel level, std::string_view message) override {
    if (!is_enabled(level)) return;
    const auto elapsed = std::chrono::duration<double>(time_.now() - VirtualTime::kStart);
    logger_.write(level, std::to_string(elapsed.count()) + " s, " + address_.text() + ": " +
                             std::string(message));
  }

 private:
  const VirtualTime& time_;
  const Address& address_;
  Logger& logger_;
};

/// Keys and promises that follow from the seed.
class SeededSecrets final : public SecretSource {
 public:
  explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
  std::string bytes(std::size_t count) override {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_.next() >> 56);
    return bytes;
  }

 private:
  SeededRandom random_;
};

/// A pointer to what belongs to the simulation, for an Environment.
template <class T>
std::shared_ptr<T> borrowed(T& object) {
  return std::shared_ptr<T>(std::shared_ptr<void>(), &object);
}

constexpr std::uint16_t kFirstSharedPort = 1024;  // below are those that need privileges

std::string ip_text(std::size_t number) {
  return "10." + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 0xff) + "." +
         std::to_string(number & 0xff);
}

/// One in each /24 from 11.0.0.0 on.
std::string public_ip_text(std::size_t number) {
  return std::to_string(11 + (number >> 16)) + "." + std::to_string(number >> 8 & 0xff) + "." +
         std::to_string(number & 0xff) + ".7";
}

Duration uptime_of(std::uint64_t seed, MachineId machine) {
  const double share = detail::unit(detail::mix(detail::mix(seed, 3), machine));
  return Duration(
      static_cast<Duration::rep>(share * static_cast<double>(Duration(kUptimeMax).count())));
}

}  // namespace

/// A machine and what belongs to it. All but the node outlives a crash.
struct Simulation::Member {
  Member(VirtualTime& time, MachineId id, std::uint64_t seed, Logger& all)
      : machine(id),
        logger(time, address, all),
        clock(time, uptime_of(seed, id)),
        scheduler(time, id, clock, logger),
        storage(time, id, detail::mix(detail::mix(seed, 6), id)) {}

  const MachineId machine;
  Address address{};
  TaggedLogger logger;
  VirtualClock clock;
  VirtualScheduler scheduler;
  VirtualStorage storage;
  std::unique_ptr<Transport> transport{};  ///< of clients, on the machine outside
  std::uint32_t starts = 0;
  std::unique_ptr<Node> node{};    ///< empty while down
  std::unique_ptr<Actor> actor{};  ///< in that node
};

Simulation::Simulation(Options options)
    : options_(std::move(options)),
      network_(time_, options_.seed),
      random_(std::make_unique<SeededRandom>(detail::mix(options_.seed, 4))),
      logger_(options_.logger ? options_.logger : std::make_shared<SilentLogger>()) {
  network_.set_conditions(options_.network);
  index_by_machine_.push_back(0);  // kNoMachine
  outside_ = std::make_unique<Member>(time_, time_.add_machine(), options_.seed, *logger_);
  index_by_machine_.push_back(0);
  network_.attach(outside_->machine,
                  *IpAddress::parse(options_.is_public ? "26.255.255.7" : "10.255.255.254"), kPort,
                  outside_->clock);
  outside_->transport = network_.make_transport(outside_->machine);
  time_.observe([this](MachineId machine) {
    if (!invariants_.empty()) check_invariants(machine);
  });
  add(options_.nodes);
}

Simulation::~Simulation() {
  // All go down before the first is destroyed: nobody says goodbye to the half destroyed.
  for (const auto& member : members_) {
    if (member->node) network_.take_down(member->machine, Death::machine);
  }
  for (const auto& member : members_) {
    if (member->node) time_.halt(member->machine);
  }
  time_.halt(outside_->machine);
  for (const auto& member : members_) {
    member->actor.reset();
    member->node.reset();
  }
}

void Simulation::add(std::size_t count) {
  SPREADABLE_ASSERT(members_.size() + count <
                    (options_.is_public ? kPublicMachinesMax : kMachinesMax));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t number = members_.size() + 1;
    const std::string ip = options_.is_public ? public_ip_text(number) : ip_text(number);
    const std::string host =
        options_.has_names ? "n" + std::to_string(members_.size()) + ".nodes.test" : ip;
    add_member({*IpAddress::parse(ip), kPort, host});
    if (options_.has_names) network_.add_name(host, members_.back()->machine);
  }
}

void Simulation::add_at(const IpAddress& ip, std::size_t count) {
  SPREADABLE_ASSERT(!options_.has_names);
  SPREADABLE_ASSERT(members_.size() + count < kMachinesMax && count <= 65'536 - kFirstSharedPort);
  for (std::size_t i = 0; i < count; ++i) {
    add_member({ip, static_cast<std::uint16_t>(kFirstSharedPort + i), ip.text()});
  }
}

void Simulation::add_member(const Place& place) {
  auto member = std::make_unique<Member>(time_, time_.add_machine(), options_.seed, *logger_);
  network_.attach(member->machine, place.ip, place.port, member->clock);
  member->address = *Address::from_parts(place.host, place.port);
  member->storage.set_faults(options_.storage);
  index_by_machine_.push_back(members_.size());
  index_by_address_.emplace(member->address, members_.size());
  members_.push_back(std::move(member));
}

const Address& Simulation::address(std::size_t index) const {
  return members_.at(index)->address;
}

MachineId Simulation::machine(std::size_t index) const {
  return members_.at(index)->machine;
}

std::vector<MachineId> Simulation::machines(std::size_t begin, std::size_t end) const {
  std::vector<MachineId> machines;
  for (std::size_t i = begin; i < end; ++i) machines.push_back(machine(i));
  return machines;
}

std::optional<std::size_t> Simulation::index_of(const Address& address) const {
  const auto found = index_by_address_.find(address);
  return found == index_by_address_.end() ? std::nullopt : std::optional(found->second);
}

Environment Simulation::environment(Member& member, const NodeOptions& options) {
  Environment environment;
  const std::uint64_t own_seed = detail::mix(detail::mix(options_.seed, 5),
                                             std::uint64_t{member.machine} << 32 | member.starts);
  environment.clock = borrowed<const Clock>(member.clock);
  environment.random = std::make_shared<SeededRandom>(own_seed);
  environment.secrets = std::make_shared<SeededSecrets>(detail::mix(own_seed, 7));
  environment.transport = network_.make_transport(member.machine);
  environment.scheduler = borrowed<Scheduler>(member.scheduler);
  environment.resolver = network_.make_resolver(member.machine);
  environment.memory = std::make_shared<AnswerMemory>(
      std::make_unique<VirtualWaits>(time_, member.clock, member.machine));
  environment.logger = borrowed<Logger>(member.logger);
  environment.server = network_.make_server(member.machine);
  if (member.actor) environment.server = member.actor->put_before(std::move(environment.server));
  environment.database = member.storage.open();
  environment.topology = topology_;
  environment.services = default_services(options, structures_);
  for (const ServiceFactory& make : options_.services) environment.services.push_back(make);
  return environment;
}

NodeOptions Simulation::node_options(std::size_t index) const {
  NodeOptions options;
  options.hostname = std::string(address(index).host());
  options.port = address(index).port();
  options.network.sync_interval = options_.sync_interval;
  if (index > 0) options.initial_network_address = {address(0)};
  if (options_.configure) options_.configure(options, index);
  return options;
}

std::unique_ptr<Node> Simulation::make_node(std::size_t index) {
  Member& member = *members_.at(index);
  ++member.starts;
  NodeOptions options = node_options(index);
  member.actor = options_.make_actor ? options_.make_actor(index) : nullptr;
  Environment made = environment(member, options);
  const std::shared_ptr<Transport> transport = made.transport;
  auto node = options_.make_node ? options_.make_node(std::move(options), std::move(made), index)
                                 : std::make_unique<Node>(std::move(options), std::move(made));
  if (member.actor) member.actor->enter(*node, transport);
  if (options_.prepare) options_.prepare(*node, index);
  return node;
}

void Simulation::start() {
  for (std::size_t i = 0; i < size(); ++i) {
    if (!is_up(i)) start(i);
  }
}

void Simulation::start(std::size_t index) {
  Member& member = *members_.at(index);
  SPREADABLE_ASSERT(!member.node);
  if (time_.is_halted(member.machine)) time_.revive(member.machine);
  network_.bring_up(member.machine);
  member.node = make_node(index);
  // Starting may block, and then outlast this call.
  const auto error = std::make_shared<std::string>();
  const auto is_watched = std::make_shared<bool>(true);
  time_.spawn(member.machine, [this, index, node = member.node.get(), error, is_watched] {
    const Result<void> started = node->start();
    if (started) return;
    *error = started.error().message;
    if (*is_watched || time_.is_halted(machine(index))) return;
    at(elapsed(), [this, index, starts = members_[index]->starts] {
      if (is_up(index) && members_[index]->starts == starts) crash(index);
    });
  });
  time_.run_ready();
  *is_watched = false;
  if (error->empty()) return;
  crash(index);
  throw std::runtime_error("node " + member.address.text() + ": " + *error);
}

void Simulation::set_storage_faults(std::size_t index, const StorageFaults& faults) {
  members_.at(index)->storage.set_faults(faults);
}

void Simulation::stop(std::size_t index) {
  Member& member = *members_.at(index);
  SPREADABLE_ASSERT(member.node);
  VirtualTime::Waiter stopped(time_, member.machine);
  time_.spawn(member.machine, [&] {
    member.node->stop();
    stopped.notify();
  });
  stopped.join();
  crash(index);
}

void Simulation::crash(std::size_t index, Death death) {
  Member& member = *members_.at(index);
  SPREADABLE_ASSERT(member.node);
  network_.take_down(member.machine, death);
  member.storage.close();
  time_.halt(member.machine);
  member.actor.reset();
  member.node.reset();
  if (death == Death::machine) member.storage.lose_power();
}

bool Simulation::is_up(std::size_t index) const {
  return members_.at(index)->node != nullptr;
}

std::size_t Simulation::count_up() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(),
                    [](const auto& member) { return member->node != nullptr; }));
}

Node& Simulation::node(std::size_t index) {
  SPREADABLE_ASSERT(is_up(index));
  return *members_[index]->node;
}

Actor* Simulation::actor(std::size_t index) {
  return members_.at(index)->actor.get();
}

void Simulation::freeze(std::size_t index) {
  time_.freeze(machine(index));
}

void Simulation::thaw(std::size_t index) {
  time_.thaw(machine(index));
}

void Simulation::set_wall_offset(std::size_t index, Millis offset) {
  members_.at(index)->clock.set_wall_offset(offset);
}

void Simulation::set_drift(std::size_t index, double drift) {
  members_.at(index)->clock.set_drift(drift);
}

void Simulation::run_for(Duration span) {
  time_.run_until(time_.now() + span);
}

bool Simulation::run_until(const std::function<bool()>& condition, Duration limit, Duration step) {
  const TimePoint end = time_.now() + limit;
  while (!condition()) {
    if (time_.now() >= end) return false;
    time_.run_until(std::min(end, time_.now() + step));
  }
  return true;
}

void Simulation::Plans::on_event(std::uint64_t number) {
  const auto plan = std::exchange(plans[number], nullptr);
  plan();
}

void Simulation::at(Duration elapsed, std::function<void()> plan) {
  plans_.plans.push_back(std::move(plan));
  time_.schedule(VirtualTime::kStart + elapsed, kNoMachine, plans_, plans_.plans.size() - 1);
}

Client::Parts Simulation::client_parts() {
  return {.transport = *outside_->transport,
          .clock = outside_->clock,
          .random = *random_,
          .scheduler = &outside_->scheduler};
}

void Simulation::add_invariant(Invariant invariant) {
  invariants_.push_back(std::move(invariant));
}

void Simulation::check_invariants(MachineId machine) {
  if (machine <= outside_->machine || violations_.size() >= kViolationsMax) return;
  const std::size_t index = index_by_machine_[machine];
  if (!members_[index]->node) return;
  for (const Invariant& invariant : invariants_) {
    if (const Result<void> holds = invariant(*members_[index]->node, index); !holds) {
      violations_.push_back({index, time_.now(), holds.error().message});
    }
  }
}

bool Simulation::is_settled() const {
  const std::size_t count = count_up();
  std::vector<MasterEntry> masters;
  for (const auto& member : members_) {
    if (!member->node) continue;
    const auto view = member->node->peers().view();
    if (view->network_size() != count) return false;
    if (view->is_master()) masters.push_back({view->self, view->slaves.size()});
  }
  std::sort(masters.begin(), masters.end(),
            [](const MasterEntry& a, const MasterEntry& b) { return a.address < b.address; });
  // A sum may be right while a node stands in two lists and another in none.
  return std::all_of(members_.begin(), members_.end(), [&](const auto& member) {
    if (!member->node) return true;
    const auto view = member->node->peers().view();
    if (view->masters != masters) return false;
    if (!view->backlink) return count == 1;
    const auto master = index_of(*view->backlink);
    return master && is_up(*master) &&
           members_[*master]->node->peers().view()->has_slave(view->self);
  });
}

std::size_t Simulation::count_masters() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [](const auto& member) {
        return member->node && member->node->peers().view()->is_master();
      }));
}

std::size_t Simulation::longest_list() const {
  std::size_t longest = 0;
  for (const auto& member : members_) {
    if (member->node) longest = std::max(longest, member->node->peers().view()->slaves.size());
  }
  return longest;
}

}  // namespace spreadable
