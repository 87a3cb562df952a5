// core/outbound.h: the one door through which a node's requests to other nodes leave.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/access.h"
#include "core/clock.h"
#include "core/conduct.h"
#include "core/json.h"
#include "core/peer_book.h"
#include "core/result.h"
#include "core/schema.h"
#include "core/transport.h"

namespace spreadable {

class Router;

/// One request of a node to a peer, or to itself.
struct PeerRequest {
  Address to;
  std::string path;            ///< with a leading slash
  Json body = Json::object();  ///< for POST
  Method method = Method::post;
  const Schema* schema = nullptr;  ///< the answer must pass it; outlives the call
  Headers headers{};               ///< beside those that every request carries
  bool has_budget = true;  ///< whether to tell the time left, as fields `timeout` and `timestamp`
  /// Whether an object answered gets field `address`, the peer asked, as the protocol has it.
  bool is_stamped = true;
  WorkClass work = WorkClass::leaf;  ///< what answering takes there
};

/// A successful answer.
struct PeerReply {
  Json body;
  Headers headers;
};

/// Sends requests to peers and keeps the accounts: access lists, the headers that every node sends,
/// the time left as the body tells it, schema of the answer, failures in a row, counters. A request
/// to the node itself takes no socket: it goes straight to the router. Thread-safe. Source:
/// design.md, law 1; protocol sections 1.11, 1.12 and 5.11.
class Outbound {
 public:
  struct Options {
    Address self;
    std::string version;
    std::string authorization;  ///< value of the header, or empty
    bool is_tls = false;
    std::string authority;  ///< PEM file of who signs peers' certificates; empty: the system's
    std::function<std::string()> root;
  };
  /// What has been sent and come back since the start.
  struct Counters {
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> failures{0};  ///< silent, unreachable or unusable answers
  };
  /// What one node is made of, as far as requests go. All outlive this object.
  struct Parts {
    Transport& transport;
    const Clock& clock;
    const Access& access;
    PeerBook& book;
    Router& router;
    const Conducts& conducts;
  };

  Outbound(Options options, Parts parts);

  /// Asks all at once; blocks until each has settled or `deadline` has passed. One result per
  /// request, in order. An error answer of a peer comes as Errc::logical with message and code
  /// where it has a code, else as Errc::bad_response. Whoever does not answer in time costs only
  /// its own slot.
  [[nodiscard]] std::vector<Result<PeerReply>> request_group(std::span<const PeerRequest> requests,
                                                             Deadline deadline);
  /// A group of one.
  [[nodiscard]] Result<PeerReply> request(const PeerRequest& request, Deadline deadline);

  /// From now on, whether to call no other than public addresses, save those that are trusted. A
  /// node on the internet does; one in a private network has its peers there. Source: reliability
  /// S17.
  void set_public_only(bool is_public_only) { is_public_only_ = is_public_only; }

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  [[nodiscard]] TransportRequest prepare(const PeerRequest& request, Deadline deadline) const;
  [[nodiscard]] Result<PeerReply> ask_self(const PeerRequest& request, Deadline deadline) const;
  [[nodiscard]] Result<PeerReply> settle(const PeerRequest& request, Result<TransportReply> reply);

  const Options options_;
  const Parts parts_;
  Counters counters_;
  std::atomic<bool> is_public_only_{false};
};

}  // namespace spreadable
