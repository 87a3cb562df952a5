// core/client.h: how a program outside of the network talks to it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/mutex.h"
#include "core/random.h"
#include "core/result.h"
#include "core/scheduler.h"
#include "core/transport.h"
#include "core/traversal.h"
#include "core/wire.h"

namespace spreadable {

/// Calls the client routes of a network through any of its nodes. The JavaScript client
/// (web/client) has the same methods and options. Thread-safe after init(). Source: protocol
/// section 8.
class Client {
 public:
  struct Options {
    struct Https {
      bool is_enabled = false;
      std::string authority;  ///< PEM file of who signs nodes' certificates; empty: the system's
    };
    struct Auth {
      std::string username;
      std::string password;
    };
    struct Requests {
      Millis ping_timeout{1'000};                ///< for each address tried
      Millis client_timeout{10'000};             ///< for a request that names none
      Millis approval_question_timeout{20'000};  ///< for all steps to a question together
      bool ignore_version = false;               ///< do not tell which protocol version is spoken
    };
    struct Tasks {
      /// How often another node is looked for, so that clients spread over the network; zero:
      /// never.
      Millis worker_change_interval{30'000};
    };

    std::vector<Address> address;  ///< nodes to begin with, tried in random order; at least one
    Https https{};
    std::optional<Auth> auth{};
    Requests request{};
    Tasks task{};
    /// The protocol version of the nodes, `<codename>-0.3`.
    std::string version{wire::kVersion};
  };
  /// All outlive the client.
  struct Parts {
    Transport& transport;
    const Clock& clock;
    Random& random;
    Scheduler* scheduler = nullptr;  ///< without one the worker changes by change_worker() alone
  };
  /// How one request is sent.
  struct Sending {
    std::optional<Duration> timeout{};  ///< by default request.client_timeout
    std::optional<Address> address{};   ///< by default worker()
    Json approval_info{};  ///< a question with its `answer` added, for actions that need one
  };
  /// One of a group of requests to different nodes.
  struct GroupItem {
    Address address;
    std::string endpoint;
    Json body = Json::object();
  };

  /// Requires: options.address is not empty.
  Client(Options options, Parts parts);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Finds a node that answers. Errc::unreachable when none of the addresses does, Errc::io when
  /// this machine can't ask them. Blocks for at most ping_timeout per address.
  [[nodiscard]] Result<void> init();

  /// POST /client/<endpoint>. Errors: what the node answered (Errc::logical with its code),
  /// Errc::timed_out, Errc::unreachable; Errc::invalid_argument for an approval_info without
  /// answer. When the connection to the worker fails, another node is looked for, so that a next
  /// call goes there; this request may or may not have been carried out. Requires: `body` is an
  /// object; init() succeeded.
  [[nodiscard]] Result<Json> request(std::string_view endpoint, Json body);
  [[nodiscard]] Result<Json> request(std::string_view endpoint, Json body, const Sending& sending);

  /// Sends all at once; one result per item, in order. Who is silent costs its own slot only.
  [[nodiscard]] std::vector<Result<Json>> request_group(std::span<const GroupItem> items,
                                                        std::optional<Duration> timeout = {});

  /// Runs an action that was declared with Node::add_action; see Node::traverse.
  [[nodiscard]] Result<TraversalResult> traverse(std::string_view action, const Json& query);
  [[nodiscard]] Result<TraversalResult> traverse(std::string_view action, const Json& query,
                                                 const Sending& sending);

  /// GET of a page that answers JSON, such as `/status`. Sent once more, to another node, when the
  /// connection fails.
  [[nodiscard]] Result<Json> get(std::string_view path, std::optional<Duration> timeout = {});

  /// Asks the committee of approval `action` for a question: `{action, key, question, approvers,
  /// startedAt, clientIp}`. With the right `answer` added it is the approval_info of a request.
  /// `info` tells how the client wants to be asked, null for nothing. `timeout` is by default
  /// approval_question_timeout.
  [[nodiscard]] Result<Json> get_approval_question(std::string_view action, const Json& info = {},
                                                   std::optional<Duration> timeout = {});

  /// Lets the network name another node and goes over to it when it answers; else the worker stays
  /// and the error is told.
  [[nodiscard]] Result<void> change_worker();

  /// The node that requests go to; empty before init().
  [[nodiscard]] Address worker() const;

 private:
  [[nodiscard]] TransportRequest post(const Address& to, std::string_view endpoint, Json body,
                                      Deadline deadline) const;
  [[nodiscard]] Result<Json> send(TransportRequest request, Deadline deadline, bool is_repeatable);
  [[nodiscard]] Result<Json> send_once(const TransportRequest& request, Deadline deadline);
  [[nodiscard]] Result<void> ping(const Address& address);
  [[nodiscard]] Result<std::vector<Address>> tell_approvers(const Json& ballot, const Json& info,
                                                            Deadline deadline);
  [[nodiscard]] Headers headers() const;

  const Options options_;
  const Parts parts_;
  mutable Mutex mutex_;
  Address available_
      SPREADABLE_GUARDED_BY(mutex_);  ///< of the given addresses, the one that answered
  Address worker_ SPREADABLE_GUARDED_BY(mutex_);
  std::unique_ptr<Scheduler::Task> worker_change_;
};

}  // namespace spreadable
