// services/simulation/simulation.h: a whole network in virtual time, for tests and experiments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/client.h"
#include "core/node.h"
#include "services/simulation/actors/actor.h"
#include "services/simulation/virtual_network.h"
#include "services/simulation/virtual_storage.h"
#include "services/simulation/virtual_time.h"
#include "services/sync/structure_cache.h"

namespace spreadable {

/// A network of real nodes on machines that are not: the very code of Node, its services and your
/// extension, with virtual time, network, disks and randomness. Nothing happens but by the methods
/// below, and equal seeds give equal runs, down to digest().
///
///     Simulation simulation({.nodes = 1'000, .seed = 7});
///     simulation.start();
///     simulation.run_for(std::chrono::minutes{3});
///     auto answer = simulation.node(42).traverse("count-words", {{"word", "liberty"}});
///
/// Time passes only in run_for, run_until, and calls that wait for the network, such as traverse
/// above. Nodes live at addresses of their own, one to a machine, numbered from 0; the first begins
/// the network and the others join through it. For one thread.
class Simulation {
 public:
  /// Makes the node with that number; called again when it restarts.
  using NodeFactory = std::function<std::unique_ptr<Node>(NodeOptions options,
                                                          Environment environment, std::size_t)>;
  /// Makes who sits in the node with that number, or nothing for an honest one.
  using ActorFactory = std::function<std::unique_ptr<Actor>(std::size_t)>;

  struct Options {
    std::size_t nodes = 0;  ///< made at once; more can be added
    std::uint64_t seed = 1;
    Millis sync_interval{16'000};
    NetworkConditions network{};
    /// Addresses of the internet, each in a /24 of its own, instead of private ones: what counts by
    /// neighbourhood does not count private addresses.
    bool is_public = false;
    /// Whether nodes are called `n<number>.nodes.test` instead of by ip, so that name look-ups can
    /// fail.
    bool has_names = false;
    NodeFactory make_node{};    ///< for subclasses; by default plain nodes
    ActorFactory make_actor{};  ///< by default all are honest
    /// Changes the options of a node before it is made.
    std::function<void(NodeOptions&, std::size_t)> configure{};
    /// Adds actions, services and listeners to a node that has been made and not started.
    std::function<void(Node&, std::size_t)> prepare{};
    StorageFaults storage{};                 ///< of all machines
    std::vector<ServiceFactory> services{};  ///< beside those of every node
    /// Records of nodes go here, each with its time and the node's address before it; by default
    /// nowhere.
    std::shared_ptr<Logger> logger{};
  };

  /// An invariant that did not hold.
  struct Violation {
    std::size_t node = 0;
    TimePoint at{};
    std::string message;
  };
  using Invariant = std::function<Result<void>(Node& node, std::size_t index)>;

  explicit Simulation(Options options);
  /// Ends all nodes without a word.
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// Makes `count` more machines, whose nodes are down until they are started.
  void add(std::size_t count);
  /// Makes `count` more nodes on one computer: they have its `ip`, and ports from 1024 on, one
  /// after the other. Requires: no other node has one of these addresses; has_names is not set.
  void add_at(const IpAddress& ip, std::size_t count);
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  /// The address of a node, up or down.
  [[nodiscard]] const Address& address(std::size_t index) const;
  [[nodiscard]] MachineId machine(std::size_t index) const;
  /// The machines of nodes `begin` to `end` - 1, for VirtualNetwork.
  [[nodiscard]] std::vector<MachineId> machines(std::size_t begin, std::size_t end) const;
  /// The number of the node at `address`, if it is one of ours.
  [[nodiscard]] std::optional<std::size_t> index_of(const Address& address) const;

  /// Starts all nodes that are down, at the same moment. As start(index).
  void start();
  /// Starts a node, or restarts it on what it had stored. Returns once it serves, or as soon as it
  /// waits for its disk; it joins as time passes. Throws std::runtime_error when Node::start fails;
  /// should it fail after a wait, the node is down again. Requires: it is down.
  void start(std::size_t index);
  /// Stops a node as SIGTERM does; it takes the time that its goodbyes take.
  void stop(std::size_t index);
  /// Ends a node in the middle of whatever it does. Nobody is told.
  void crash(std::size_t index, Death death = Death::process);
  [[nodiscard]] bool is_up(std::size_t index) const;
  [[nodiscard]] std::size_t count_up() const;
  /// Requires: is_up(index).
  [[nodiscard]] Node& node(std::size_t index);
  /// As a subclass. Requires: it is one.
  template <class N>
  [[nodiscard]] N& node_as(std::size_t index) {
    return dynamic_cast<N&>(node(index));
  }

  /// Who sits in that node; nullptr in an honest one, and while it is down.
  [[nodiscard]] Actor* actor(std::size_t index);

  /// The process stands still while the world goes on: SIGSTOP, a laptop asleep.
  void freeze(std::size_t index);
  void thaw(std::size_t index);
  /// What is wrong with the disk of a machine from now on.
  void set_storage_faults(std::size_t index, const StorageFaults& faults);
  /// The date of a machine, and how fast its clocks go; see VirtualClock.
  void set_wall_offset(std::size_t index, Millis offset);
  void set_drift(std::size_t index, double drift);
  /// Cuts, clogs, loss, slowness, DNS.
  [[nodiscard]] VirtualNetwork& network() { return network_; }

  /// Since the simulation began.
  [[nodiscard]] Duration elapsed() const { return time_.now() - VirtualTime::kStart; }
  void run_for(Duration span);
  /// Lets time pass until `condition`, asked every `step`, holds; false when it does not within
  /// `limit`.
  bool run_until(const std::function<bool()>& condition, Duration limit,
                 Duration step = std::chrono::milliseconds{500});
  /// Calls `plan` when that much time has passed since the beginning, whatever waits then: for what
  /// is to happen in the middle of something. It may do all that this class offers but let time
  /// pass.
  void at(Duration elapsed, std::function<void()> plan);
  /// For code of actors on the node's machine that takes its time.
  void sleep(std::size_t index, Duration span) { time_.sleep(machine(index), span); }

  /// What a program outside of the network uses to talk to it: Client client(options, parts).
  [[nodiscard]] Client::Parts client_parts();
  /// Chance that follows from the seed, for scenarios; nodes have their own.
  [[nodiscard]] Random& random() { return *random_; }

  /// Checked for a node whenever code of it has run. The first violations are kept.
  void add_invariant(Invariant invariant);
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

  /// Whether every node that is up is in the list of its master, and all know the same masters with
  /// lists of the right length, whose sum is the number of nodes that are up.
  [[nodiscard]] bool is_settled() const;
  /// Nodes that are up and have slaves.
  [[nodiscard]] std::size_t count_masters() const;
  [[nodiscard]] std::size_t longest_list() const;
  /// A hash over all that has happened.
  [[nodiscard]] std::uint64_t digest() const { return time_.digest(); }
  [[nodiscard]] std::uint64_t events() const { return time_.events(); }

 private:
  struct Member;
  /// Where a new node is.
  struct Place {
    IpAddress ip;
    std::uint16_t port;
    std::string host;
  };
  /// What at() was told, by number.
  struct Plans final : EventSink {
    void on_event(std::uint64_t number) override;
    std::vector<std::function<void()>> plans;
  };

  void add_member(const Place& place);
  [[nodiscard]] Environment environment(Member& member, const NodeOptions& options);
  [[nodiscard]] NodeOptions node_options(std::size_t index) const;
  [[nodiscard]] std::unique_ptr<Node> make_node(std::size_t index);
  void check_invariants(MachineId machine);

  const Options options_;
  Plans plans_;
  VirtualTime time_;
  VirtualNetwork network_;
  std::unique_ptr<Random> random_;
  std::shared_ptr<Logger> logger_;
  std::vector<std::unique_ptr<Member>> members_;
  std::unique_ptr<Member> outside_;  ///< the machine of clients
  std::shared_ptr<const Topology> topology_ = std::make_shared<const SquareRoot>();
  std::shared_ptr<StructureCache> structures_ = std::make_shared<StructureCache>();
  std::vector<std::size_t> index_by_machine_;
  std::unordered_map<Address, std::size_t> index_by_address_;
  std::vector<Invariant> invariants_;
  std::vector<Violation> violations_;
};

}  // namespace spreadable
