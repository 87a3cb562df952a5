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
#include "core/introduction.h"
#include "core/json.h"
#include "core/peer_book.h"
#include "core/result.h"
#include "core/schema.h"
#include "core/signatures.h"
#include "core/transport.h"

namespace spreadable {

class Router;

/// One request of a node to a peer, or to itself.
struct PeerRequest {
  Address to;
  std::string path;            ///< with a leading slash
  Json body = Json::object();  ///< for POST
  /// Instead of `body`, where many requests have the same: a group writes it down once.
  std::shared_ptr<const Json> shared_body{};
  Method method = Method::post;
  const Schema* schema = nullptr;  ///< the answer must pass it; outlives the call
  Headers headers{};               ///< beside those that every request carries
  bool has_budget = true;  ///< whether to tell the time left, as fields `timeout` and `timestamp`
  /// Whether an object answered gets field `address`, the peer asked, as the protocol has it.
  bool is_stamped = true;
  WorkClass work = WorkClass::leaf;  ///< what answering takes there
  /// Whether an answer counts only when the peer has signed it; needs a peer of ours.
  bool needs_signature = false;
  /// Whether the answer comes as the text it is, for a receiver that reads it by itself.
  bool is_raw = false;
  /// Tag of the answer that the asker still has: if that is the peer's answer still, it need not
  /// send it again. None: empty.
  std::string known_tag{};
};

/// A successful answer.
struct PeerReply {
  Json body;
  Headers headers;
  std::string text{};         ///< instead of the body, when the request was raw
  bool is_unchanged = false;  ///< the asker has it already; there is no body
  /// How long it was on its way; about so long for an answer of the node itself, if that is known.
  std::size_t bytes = 0;
};

/// Sends requests to peers and keeps the accounts: access lists, the headers that every node sends,
/// the time left as the body tells it, schema of the answer, failures in a row, counters. A request
/// to the node itself takes no socket: it goes straight to the router. Thread-safe. Source:
/// design.md, law 1; protocol sections 1.11, 1.12 and 5.11.
///
/// In a closed network the credentials go to acquaintances alone: to the addresses that the owner
/// has named, and to those that have proved lately that they know them. Anybody else is asked
/// first, by a ping without credentials, to prove it (core/introduction.h), whatever it says or
/// shows of its own accord: a name proves little. Who does not gets no request: Errc::denied. That
/// costs one more round trip in so many minutes and peer, while the requests to acquaintances are
/// under way. A ping needs no credentials and never carries any. Source: reliability S17.
class Outbound {
 public:
  /// An answer of `node/structure`, inflated, is no longer; others are bounded by
  /// TransportRequest::kReplyBytesMax. Two lists of Transport::kGroupMax entries fit. Source:
  /// reliability S22.
  static constexpr std::size_t kStructureBytesMax = std::size_t{1} << 20;

  struct Options {
    Address self;
    std::string version;
    std::string authorization;  ///< value of the header, or empty
    bool is_tls = false;
    std::string authority;  ///< PEM file of who signs peers' certificates; empty: the system's
    std::function<std::string()> root;
    /// How others prove that they may be shown `authorization`; outlives this object. Without it
    /// everyone called is shown it.
    const Introduction* introduction = nullptr;
    std::vector<Address> acquainted{};  ///< need not prove it
    /// How long a proof counts: an address may get another owner.
    Duration acquaintance_lifetime = std::chrono::minutes{10};
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

  /// Signs requests, checks signed answers. Before the first request; outlives this object.
  void set_signatures(Signatures& signatures) { signatures_ = &signatures; }

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Group;
  struct Draft;
  using Slots = std::vector<std::size_t>;  ///< of a group
  using Meanwhile = std::function<void()>;

  [[nodiscard]] bool is_stranger(const PeerRequest& request) const;
  void send(Group& group, const Slots& slots, const Meanwhile& meanwhile);
  using Replies = std::vector<Result<TransportReply>>;
  void send_signed(std::vector<TransportRequest>& requests, Replies& replies, Deadline deadline);
  [[nodiscard]] Result<void> check_answer(const PeerRequest& request, const TransportRequest& sent,
                                          const Result<TransportReply>& reply) const;
  void introduce(Group& group, const Slots& strangers, const Meanwhile& meanwhile);
  [[nodiscard]] Error unproven(const Address& peer);
  [[nodiscard]] Headers common_headers() const;
  [[nodiscard]] TransportRequest prepare(const PeerRequest& request, Draft& draft) const;
  [[nodiscard]] Result<PeerReply> ask_self(const PeerRequest& request, Deadline deadline) const;
  [[nodiscard]] Result<PeerReply> settle(const PeerRequest& request, Result<TransportReply> reply);

  const Options options_;
  const Parts parts_;
  Acquaintances acquaintances_;
  Counters counters_;
  std::atomic<bool> is_public_only_{false};
  Signatures* signatures_ = nullptr;
};

}  // namespace spreadable
