// core/transport.h: how one node asks others. Every byte a node sends to another passes through
// here.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/http.h"
#include "core/result.h"
#include "core/work_class.h"

namespace spreadable {

/// One HTTP request to one node.
struct TransportRequest {
  static constexpr std::size_t kReplyBytesMax = std::size_t{8} << 20;

  Address to;
  Method method = Method::post;
  std::string path;  ///< with a leading slash; may carry a query
  Headers headers;   ///< beside Host, Content-Length and Accept-Encoding, which the transport sets
  std::string body;
  /// The receiver may be a node of ours, and the sender is one, so that ways that only we know may
  /// be tried.
  bool may_be_native = false;
  bool is_tls = false;  ///< https; the peer's certificate is always verified
  /// Path of a PEM file with the authorities to believe when `is_tls`; no others are believed.
  /// Empty: those that the system trusts.
  std::string authority;
  /// Connect to no other than public addresses: who is on the internet must not be made to call
  /// what only its own network can reach. Checked where the connection is made; Errc::denied.
  bool is_public_only = false;
  /// What answering takes there. Connections are shared out by it, so that a peer busy with work
  /// that waits can still be asked for the work that is waited for.
  WorkClass work = WorkClass::leaf;
  std::size_t reply_bytes_max = kReplyBytesMax;  ///< inflated size; more is Errc::bad_response
};

/// What a node answered, whatever the status.
struct TransportReply {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Sends requests to other nodes. CurlTransport in production, a virtual network in simulation;
/// a faulty one wraps either, and drops, delays or garbles.
/// Thread-safe: any number of groups may be in flight.
class Transport {
 public:
  static constexpr std::size_t kGroupMax = 4096;  ///< more is refused; lists of √n stay far below

  virtual ~Transport() = default;

  /// Sends all `requests` at once, runs `meanwhile` (when given) on the calling thread while they
  /// are under way, and blocks until each has settled or `deadline` has passed. Returns one result
  /// per request, in the order given. A node that stays silent costs only its own slot
  /// (Errc::timed_out); an answer that arrived is never thrown away. Other errors of a slot:
  /// Errc::unreachable (no connection, or one that broke; TLS that fails is one, and the message
  /// tells why), Errc::bad_response (too large or malformed), Errc::invalid_argument (a request
  /// that can't be written down: empty address, a path without a leading slash, line breaks),
  /// Errc::overloaded (our own limits), Errc::io (`authority` can't be read), Errc::cancelled (the
  /// transport is shutting down). Redirects are not followed, since they could carry credentials
  /// elsewhere: the reply is the one with status 3xx.
  /// Requires: requests.size() <= kGroupMax; `meanwhile` does not throw.
  /// Source: design.md, laws 1 and 3.
  [[nodiscard]] virtual std::vector<Result<TransportReply>> request_group(
      std::span<const TransportRequest> requests, Deadline deadline,
      const std::function<void()>& meanwhile = {}) = 0;
};

}  // namespace spreadable
