// core/node.h: one member of a network.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/access.h"
#include "core/authentication.h"
#include "core/conduct.h"
#include "core/environment.h"
#include "core/events.h"
#include "core/introduction.h"
#include "core/known_lists.h"
#include "core/network_action.h"
#include "core/options.h"
#include "core/outbound.h"
#include "core/peer_book.h"
#include "core/peer_table.h"
#include "core/router.h"
#include "core/service_registry.h"
#include "core/traversal.h"

namespace spreadable {

/// One member of a network: owns its state and services, answers requests, starts traversals.
///
/// Declare actions, routes and services first, then start(). A subclass changes a node by the
/// protected hooks; one whose handlers use its own members calls stop() in its destructor, since
/// handlers run until then. Thread-safe between start() and stop(); both are called from one
/// thread.
class Node {
 public:
  /// Throws std::invalid_argument, naming the option, when `options` do not pass check_options,
  /// name no port, or name no hostname where the environment has none either. Requires:
  /// `environment` is complete.
  Node(NodeOptions options, Environment environment);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Declares an action made of functions; see FunctionAction. Requires: not started, name not
  /// taken; the node itself brings `network-map` (core/network_map.h).
  FunctionAction& add_action(std::string name);
  /// Declares an action of a class of its own.
  NetworkAction& add_action(std::unique_ptr<NetworkAction> action);

  /// Serves and joins the network. Returns once requests are answered; joining goes on in the
  /// background (Event::registered). Errors: the port is taken, the hostname does not resolve, a
  /// service fails.
  [[nodiscard]] Result<void> start();
  /// Refuses clients, says goodbye to peers, saves, then refuses everyone and lets running requests
  /// finish, all within `grace` plus the time of one sync step. Does nothing when the node is not
  /// running.
  void stop(Duration grace = std::chrono::seconds{8});
  [[nodiscard]] bool is_running() const { return is_running_; }

  /// Asks the whole network; see Traversal. Blocks until the answer is there, at most until
  /// `deadline` (by default NodeOptions' request.serverTimeout for each of the two stages). Errors:
  /// the action refuses `query`. Requires: the action is declared.
  [[nodiscard]] Result<TraversalResult> traverse(std::string_view action, const Json& query,
                                                 std::optional<Deadline> deadline = {});
  /// How one traversal differs from others of its action.
  struct Asking {
    std::optional<Deadline> deadline{};
    Headers headers{};  ///< of the call that local() sees; see NetworkAction::passed_headers
  };
  /// The same, until `asking.deadline` and with its headers.
  [[nodiscard]] Result<TraversalResult> traverse(std::string_view action, const Json& query,
                                                 const Asking& asking);

  /// What /status answers. Source: protocol section 1.10.
  [[nodiscard]] Json status() const;

  void on(Event event, Events::Listener listener) { events_.on(event, std::move(listener)); }

  [[nodiscard]] const NodeOptions& options() const { return options_; }
  [[nodiscard]] const Address& address() const { return address_; }
  /// The protocol version that it speaks, such as `spreadable-0.3`.
  [[nodiscard]] const std::string& version() const { return version_; }
  /// The address of the network's first node; empty until it is known.
  [[nodiscard]] std::string root() const;
  void set_root(std::string root);

  [[nodiscard]] PeerTable& peers() { return table_; }
  [[nodiscard]] const PeerTable& peers() const { return table_; }
  [[nodiscard]] PeerBook& book() { return book_; }
  [[nodiscard]] KnownLists& known_lists() { return known_lists_; }
  [[nodiscard]] Outbound& outbound() { return outbound_; }
  [[nodiscard]] Router& router() { return router_; }
  [[nodiscard]] Events& events() { return events_; }
  [[nodiscard]] Conducts& conducts() { return conducts_; }
  /// Something else that may refuse peers; see Access::Screen. Requires: not serving yet.
  void add_screen(Access::Screen screen) { access_.add_screen(std::move(screen)); }
  /// What proves by key who sends; see Signatures. Requires: not serving yet; outlives the node's
  /// requests, as a service does.
  void set_signatures(Signatures& signatures);
  [[nodiscard]] ServiceRegistry& services() { return services_; }
  [[nodiscard]] const Access& access() const { return access_; }
  [[nodiscard]] const std::vector<std::unique_ptr<NetworkAction>>& actions() const {
    return actions_;
  }
  [[nodiscard]] const Topology& topology() const { return *environment_.topology; }
  [[nodiscard]] const Clock& clock() const { return *environment_.clock; }
  [[nodiscard]] Random& random() { return *environment_.random; }
  [[nodiscard]] SecretSource& secrets() { return *environment_.secrets; }
  [[nodiscard]] Scheduler& scheduler() { return *environment_.scheduler; }
  [[nodiscard]] Resolver& resolver() { return *environment_.resolver; }
  [[nodiscard]] Database& database() { return *environment_.database; }
  [[nodiscard]] Logger& logger() const { return *environment_.logger; }

 protected:
  /// Fills services(); by default with those of the environment.
  virtual void prepare_services();
  /// Declares routes; called once, after services have declared theirs. By default none beyond the
  /// core's.
  virtual void prepare_routes() {}
  /// Asked for every request but /ping, before anything is done for it. By default all pass.
  [[nodiscard]] virtual Result<void> check_access(CallContext& call);

 private:
  void prepare();
  void declare_core_routes();
  [[nodiscard]] Result<void> check_approvals() const;
  void note_whether_joined(Result<TraversalResult>& result) const;
  [[nodiscard]] Server::Listen listen_options(bool is_local) const;
  void declare_access();
  void tell_authentication(const CallContext& call, const Result<void>& passed);
  [[nodiscard]] Json pong(CallContext& call) const;
  void declare_action_routes(NetworkAction& action);
  [[nodiscard]] Result<Json> available_node(CallContext& call);
  void report(const PeerTable::Change& change);

  const NodeOptions options_;
  Environment environment_;
  const Address address_;
  mutable Mutex root_mutex_;
  std::string root_ SPREADABLE_GUARDED_BY(root_mutex_);
  Events events_;
  Conducts conducts_;
  PeerTable table_;
  PeerBook book_;
  KnownLists known_lists_;
  Authentication authentication_;
  const std::string version_;
  Access access_;
  const std::unique_ptr<const Introduction> introduction_;  ///< in a closed network
  Router router_;
  Outbound outbound_;
  Traversal traversal_;
  ServiceRegistry services_;
  std::vector<std::unique_ptr<NetworkAction>> actions_;
  bool is_prepared_ = false;
  bool is_running_ = false;
  std::atomic<bool> is_stopping_{false};
};

}  // namespace spreadable
