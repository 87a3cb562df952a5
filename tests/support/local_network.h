// tests/support/local_network.h: many nodes in one thread, in virtual time, without sockets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/node.h"
#include "services/storage/memory_database.h"
#include "services/sync/sync.h"
#include "services/system/system_random.h"
#include "tests/support/fake_logger.h"
#include "tests/support/fake_scheduler.h"
#include "tests/support/manual_clock.h"

namespace spreadable {

/// A network of real nodes whose requests are direct calls. A node can be down (connections
/// refused) or hung (it never answers), requests can get lost, and the network can be cut in two.
/// Equal seeds give equal runs. For one thread.
class LocalNetwork {
 public:
  struct Options {
    Millis sync_interval{500};
    std::uint64_t seed = 1;
    /// Waiting for a silent node takes the time of whoever waits, and by default everybody else's,
    /// since one thread plays all nodes. Here only its own: the clock goes back for the others, as
    /// if all nodes ran at once, each of them from event to event in one go.
    bool is_time_parallel = false;
    std::vector<ServiceFactory> services{};  ///< beside Sync
    /// Changes the options of each node.
    std::function<void(NodeOptions&)> configure{};
    /// Changes what each node is given, as kinds of nodes do.
    std::function<void(Environment&, const NodeOptions&)> equip{};
    /// Called with each node before it starts, also before a restart.
    std::function<void(Node&)> prepare{};
  };

  LocalNetwork();
  explicit LocalNetwork(Options options);
  ~LocalNetwork();

  /// Adds node `localhost:<7000 + number>`; the first begins the network, others join through it,
  /// or through `initial`. `wall_offset` shifts the node's date. Does not start it.
  Node& add(Millis wall_offset = Millis::zero(), std::optional<Address> initial = {});
  /// Adds `count` nodes and starts them all at the same moment.
  void start(std::size_t count);

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] Node& node(std::size_t index) { return *members_.at(index).node; }
  [[nodiscard]] bool alive(std::size_t index) const { return members_.at(index).node != nullptr; }
  [[nodiscard]] static Address address(std::size_t index);

  /// The process ends without a word; its storage stays.
  void kill(std::size_t index);
  /// Starts a killed node again on its storage.
  void restart(std::size_t index);
  void hang(std::size_t index) { hung_.insert(address(index)); }
  void resume(std::size_t index) { hung_.erase(address(index)); }
  /// From now on this share of all requests between nodes gets lost, in [0, 1).
  void lose(double share) { loss_ = share; }
  /// Lets something that is no node of ours answer at `address`; it outlives the network.
  void serve(const Address& address, RequestHandler& handler) { serving_[address] = &handler; }
  /// From now on the requests of a node come from `ip`, which is not that of its name.
  void set_exit(std::size_t index, const IpAddress& ip) { exits_[address(index)] = ip; }
  /// Nodes below `border` and the others cannot connect to each other until heal().
  void cut(std::size_t border) { border_ = border; }
  void heal() { border_.reset(); }

  /// What the node at `to` answers to a request whose socket's ip the caller chooses.
  [[nodiscard]] HttpResponse respond(const Address& to, HttpRequest request);
  /// The way of a program that is no node, for a Client; it uses clock() and random().
  [[nodiscard]] Transport& outside() { return *outside_; }
  [[nodiscard]] Random& random() { return *random_; }

  void run_for(Duration span) { scheduler_.run_for(span); }
  /// Lets time pass in steps of a tenth of an interval until `condition` holds; false when it does
  /// not within `limit`.
  bool run_until(const std::function<bool()>& condition, Duration limit);

  /// Whether every running node is registered and sees a network of `size` nodes and no dead
  /// master.
  [[nodiscard]] bool agrees_on(std::size_t size) const;
  /// The addresses of running nodes that have slaves.
  [[nodiscard]] std::vector<Address> masters() const;
  [[nodiscard]] std::size_t longest_list() const;
  /// Requests sent so far by all nodes.
  [[nodiscard]] std::uint64_t requests() const { return requests_; }

  [[nodiscard]] ManualClock& clock() { return *clock_; }
  [[nodiscard]] FakeLogger& logger() { return *logger_; }
  [[nodiscard]] Duration interval() const { return options_.sync_interval; }

 private:
  class DirectTransport;
  class DirectServer;
  class LoopbackResolver;
  class ShiftedClock;

  struct Member {
    NodeOptions options;
    Millis wall_offset{};
    std::shared_ptr<MemoryDatabase> storage;  ///< stays when the node is killed
    std::unique_ptr<Node> node;               ///< empty while killed
  };

  [[nodiscard]] Environment environment(const Member& member);
  [[nodiscard]] std::unique_ptr<Node> make_node(const Member& member);
  [[nodiscard]] bool can_reach(const Address& from, const Address& to) const;
  [[nodiscard]] static std::size_t index_of(const Address& address);

  const Options options_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  FakeScheduler scheduler_{*clock_};
  std::shared_ptr<FakeLogger> logger_ = std::make_shared<FakeLogger>(LogLevel::info);
  std::shared_ptr<Random> random_;
  std::map<Address, RequestHandler*> serving_;
  std::set<Address> hung_;
  std::map<Address, IpAddress> exits_;
  double loss_ = 0;
  std::optional<std::size_t> border_;
  std::uint64_t requests_ = 0;
  std::vector<Member> members_;
  std::unique_ptr<Transport> outside_;
};

}  // namespace spreadable
