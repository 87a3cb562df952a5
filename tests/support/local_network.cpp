#include "tests/support/local_network.h"

#include <algorithm>
#include <utility>

#include "services/http/loop_waits.h"

namespace spreadable {
namespace {

constexpr std::uint16_t kFirstPort = 7000;

/// Hands a member's storage to each node that is made on it.
class SharedDatabase final : public Database {
 public:
  explicit SharedDatabase(std::shared_ptr<MemoryDatabase> storage) : storage_(std::move(storage)) {}
  DataStore& data() override { return storage_->data(); }
  PeerStore& peers() override { return storage_->peers(); }
  BanStore& bans() override { return storage_->bans(); }
  CacheStore& cache() override { return storage_->cache(); }

 private:
  const std::shared_ptr<MemoryDatabase> storage_;  // outlives a killed node
};

/// The scheduler that all nodes share belongs to the network.
class BorrowedScheduler final : public Scheduler {
 public:
  /// With `rewound` the time that a task takes passes for the task alone; both outlive this object.
  BorrowedScheduler(FakeScheduler& scheduler, ManualClock* rewound)
      : scheduler_(scheduler), rewound_(rewound) {}
  std::unique_ptr<Task> start(std::string name, Duration first_delay,
                              std::function<Duration()> run) override {
    if (!rewound_) return scheduler_.start(std::move(name), first_delay, std::move(run));
    return scheduler_.start(std::move(name), first_delay,
                            [clock = rewound_, run = std::move(run)]() -> Duration {
                              const TimePoint begun = clock->now();
                              const Duration delay = run();
                              const Duration taken = clock->now() - begun;
                              clock->advance(-taken);
                              return taken + delay;
                            });
  }

 private:
  FakeScheduler& scheduler_;
  ManualClock* const rewound_;
};

}  // namespace

class LocalNetwork::ShiftedClock final : public Clock {
 public:
  ShiftedClock(std::shared_ptr<ManualClock> clock, Millis offset)
      : clock_(std::move(clock)), offset_(offset) {}
  TimePoint now() const override { return clock_->now(); }
  WallTime wall_now() const override { return clock_->wall_now() + offset_; }

 private:
  const std::shared_ptr<ManualClock> clock_;
  const Millis offset_;
};

class LocalNetwork::LoopbackResolver final : public Resolver {
 public:
  Result<IpAddress> resolve(std::string_view host) override {
    if (const auto ip = IpAddress::parse(host)) return *ip;
    if (host == "localhost") return IpAddress::loopback();
    return Error{Errc::not_found, "nobody is called " + std::string(host), {}};
  }
};

class LocalNetwork::DirectServer final : public Server {
 public:
  DirectServer(LocalNetwork& network, Address address)
      : network_(network), address_(std::move(address)) {}
  ~DirectServer() override { network_.serving_.erase(address_); }

  Result<void> start(const Listen&, RequestHandler& handler) override {
    network_.serving_[address_] = &handler;
    return {};
  }
  std::uint16_t port() const override { return address_.port(); }
  void stop(Deadline) override { network_.serving_.erase(address_); }

 private:
  LocalNetwork& network_;
  const Address address_;
};

class LocalNetwork::DirectTransport final : public Transport {
 public:
  DirectTransport(LocalNetwork& network, Address from)
      : network_(network), from_(std::move(from)) {}

  std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile) override {
    network_.requests_ += requests.size();
    if (network_.options_.is_time_parallel)
      return request_in_parallel(requests, deadline, meanwhile);
    std::vector<Result<TransportReply>> results;
    bool is_waiting = false;
    for (const TransportRequest& request : requests) {
      results.push_back(send(request));
      is_waiting =
          is_waiting || (!results.back() && results.back().error().code == Errc::timed_out);
    }
    if (meanwhile) meanwhile();
    const Duration left = deadline.at() - network_.clock_->now();
    if (is_waiting && left > Duration::zero()) network_.clock_->advance(left);
    return results;
  }

 private:
  std::vector<Result<TransportReply>> request_in_parallel(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile) {
    ManualClock& clock = *network_.clock_;
    const TimePoint begun = clock.now();
    TimePoint ended = begun;
    std::vector<Result<TransportReply>> results;
    for (const TransportRequest& request : requests) {
      Result<TransportReply> result = send(request);
      if (clock.now() > deadline.at()) {
        result = Error{Errc::timed_out, request.to.text() + " answers too late", {}};
      }
      const bool is_silent = !result && result.error().code == Errc::timed_out;
      ended = std::max(ended, is_silent ? deadline.at() : clock.now());
      clock.advance(begun - clock.now());
      results.push_back(std::move(result));
    }
    if (meanwhile) meanwhile();
    clock.advance(std::max(ended - clock.now(), Duration::zero()));
    return results;
  }

  Result<TransportReply> send(const TransportRequest& request) {
    const auto target = network_.serving_.find(request.to);
    if (target == network_.serving_.end() || !network_.can_reach(from_, request.to)) {
      return Error{Errc::unreachable, "no connection to " + request.to.text(), {}};
    }
    const bool is_lost = network_.loss_ > 0 && network_.random_->uniform() < network_.loss_;
    if (is_lost || network_.hung_.contains(request.to)) {
      return Error{Errc::timed_out, request.to.text() + " does not answer", {}};
    }
    const std::size_t query_at = std::min(request.path.find('?'), request.path.size());
    HttpResponse response = target->second->handle(
        {.method = request.method,
         .path = request.path.substr(0, query_at),
         .query = request.path.substr(std::min(query_at + 1, request.path.size())),
         .headers = request.headers,
         .body = request.body,
         .remote_ip = exit_of(from_)});
    return TransportReply{response.status, std::move(response.headers), std::move(response.body)};
  }

  [[nodiscard]] IpAddress exit_of(const Address& sender) const {
    const auto exit = network_.exits_.find(sender);
    return exit == network_.exits_.end() ? IpAddress::loopback() : exit->second;
  }

  LocalNetwork& network_;
  const Address from_;
};

LocalNetwork::LocalNetwork() : LocalNetwork(Options{}) {}

LocalNetwork::LocalNetwork(Options options)
    : options_(std::move(options)),
      random_(std::make_shared<SeededRandom>(options_.seed)),
      outside_(std::make_unique<DirectTransport>(*this, address(0))) {}

LocalNetwork::~LocalNetwork() {
  for (Member& member : members_) {  // nobody says goodbye to those that are half destroyed
    if (member.node) serving_.erase(member.node->address());
  }
}

Address LocalNetwork::address(std::size_t index) {
  return *Address::from_parts("localhost", static_cast<std::uint16_t>(kFirstPort + index));
}

std::size_t LocalNetwork::index_of(const Address& address) {
  return address.port() - kFirstPort;
}

HttpResponse LocalNetwork::respond(const Address& to, HttpRequest request) {
  return serving_.at(to)->handle(std::move(request));
}

bool LocalNetwork::can_reach(const Address& from, const Address& to) const {
  return !border_ || (index_of(from) < *border_) == (index_of(to) < *border_);
}

Environment LocalNetwork::environment(const Member& member) {
  const Address self = *Address::from_parts("localhost", member.options.port);
  Environment environment;
  environment.clock = std::make_shared<const ShiftedClock>(clock_, member.wall_offset);
  environment.random = random_;
  environment.transport = std::make_shared<DirectTransport>(*this, self);
  environment.scheduler = std::make_shared<BorrowedScheduler>(
      scheduler_, options_.is_time_parallel ? clock_.get() : nullptr);
  environment.resolver = std::make_shared<LoopbackResolver>();
  environment.memory = std::make_shared<AnswerMemory>(std::make_unique<LoopWaits>(*clock_));
  environment.logger = logger_;
  environment.server = std::make_unique<DirectServer>(*this, self);
  environment.database = std::make_unique<SharedDatabase>(member.storage);
  environment.services = {[] { return std::make_unique<Sync>(); }};
  for (const ServiceFactory& make : options_.services) environment.services.push_back(make);
  if (options_.equip) options_.equip(environment, member.options);
  return environment;
}

std::unique_ptr<Node> LocalNetwork::make_node(const Member& member) {
  auto node = std::make_unique<Node>(member.options, environment(member));
  if (options_.prepare) options_.prepare(*node);
  return node;
}

Node& LocalNetwork::add(Millis wall_offset, std::optional<Address> initial) {
  Member member;
  member.options.hostname = "localhost";
  member.options.port = address(members_.size()).port();
  member.options.network.sync_interval = options_.sync_interval;
  if (initial) {
    member.options.initial_network_address = {*initial};
  } else if (!members_.empty()) {
    member.options.initial_network_address = {address(0)};
  }
  if (options_.configure) options_.configure(member.options);
  member.wall_offset = wall_offset;
  member.storage = std::make_shared<MemoryDatabase>();
  member.node = make_node(member);
  members_.push_back(std::move(member));
  return *members_.back().node;
}

void LocalNetwork::start(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Result<void> started = add().start();
    SPREADABLE_ASSERT(started);
  }
}

void LocalNetwork::kill(std::size_t index) {
  Member& member = members_.at(index);
  // Cut off first, so that its goodbyes reach nobody.
  serving_.erase(address(index));
  const auto others = std::exchange(serving_, {});
  member.node.reset();
  serving_ = others;
}

void LocalNetwork::restart(std::size_t index) {
  Member& member = members_.at(index);
  member.node = make_node(member);
  const Result<void> started = member.node->start();
  SPREADABLE_ASSERT(started);
}

bool LocalNetwork::run_until(const std::function<bool()>& condition, Duration limit) {
  const TimePoint end = clock_->now() + limit;
  while (!condition()) {
    if (clock_->now() >= end) return false;
    run_for(options_.sync_interval / 10);
  }
  return true;
}

bool LocalNetwork::agrees_on(std::size_t size) const {
  return std::all_of(members_.begin(), members_.end(), [&](const Member& member) {
    if (!member.node) return true;
    const auto view = member.node->peers().view();
    // The sum may be right while it still counts the dead and does not yet count the living.
    const bool names_the_dead =
        std::any_of(members_.begin(), members_.end(), [&](const Member& other) {
          return !other.node &&
                 view->find_master(address(static_cast<std::size_t>(&other - members_.data())));
        });
    return view->is_registered() && view->network_size() == size && !names_the_dead;
  });
}

std::vector<Address> LocalNetwork::masters() const {
  std::vector<Address> masters;
  for (const Member& member : members_) {
    if (member.node && member.node->peers().view()->is_master()) {
      masters.push_back(member.node->address());
    }
  }
  return masters;
}

std::size_t LocalNetwork::longest_list() const {
  std::size_t longest = 0;
  for (const Member& member : members_) {
    if (member.node) longest = std::max(longest, member.node->peers().view()->slaves.size());
  }
  return longest;
}

}  // namespace spreadable
