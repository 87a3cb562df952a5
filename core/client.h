// core/client.h: how a program outside of the network talks to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/mutex.h"
#include "core/random.h"
#include "core/result.h"
#include "core/transport.h"
#include "core/traversal.h"

namespace spreadable {

/// Calls the client routes of a network through any of its nodes. Thread-safe after init().
/// Source: protocol section 8.
class Client {
 public:
  struct Options {
    std::vector<Address> addresses;   ///< nodes to begin with, tried in random order; at least one
    bool is_tls = false;
    std::string username;             ///< empty: no authentication
    std::string password;
    Millis ping_timeout{1'000};       ///< for each address tried
    Millis client_timeout{10'000};    ///< for a request that names none
  };
  /// All outlive the client.
  struct Parts {
    Transport& transport;
    const Clock& clock;
    Random& random;
  };

  /// Requires: options.addresses is not empty.
  Client(Options options, Parts parts);

  /// Finds a node that answers. Errc::unreachable when none of the addresses does. Blocks for at most
  /// ping_timeout per address.
  [[nodiscard]] Result<void> init();

  /// POST /client/<endpoint> to the node found. Errors: what the node answered (Errc::logical with its
  /// code), Errc::timed_out, Errc::unreachable. When the connection fails, another node is looked for, so
  /// that a next call goes there; this request may or may not have been carried out. Requires: `body` is an object; init() succeeded.
  [[nodiscard]] Result<Json> request(std::string_view endpoint, Json body,
                                     std::optional<Duration> timeout = {});

  /// Runs an action that was declared with Node::add_action; see Node::traverse.
  [[nodiscard]] Result<TraversalResult> traverse(std::string_view action, const Json& query,
                                                 std::optional<Duration> timeout = {});

  /// GET of a page that answers JSON, such as `/status`. Sent once more, to another node, when the
  /// connection fails.
  [[nodiscard]] Result<Json> get(std::string_view path, std::optional<Duration> timeout = {});

  /// The node that requests go to; empty before init().
  [[nodiscard]] Address worker() const;

 private:
  [[nodiscard]] Result<Json> send(TransportRequest request, Duration timeout);
  [[nodiscard]] Headers headers() const;

  const Options options_;
  const Parts parts_;
  mutable Mutex mutex_;
  Address worker_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
