// core/traversal.h: one question to all nodes, one answer back.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/answer_memory.h"
#include "core/clock.h"
#include "core/coverage.h"
#include "core/json.h"
#include "core/known_lists.h"
#include "core/logger.h"
#include "core/network_action.h"
#include "core/outbound.h"
#include "core/peer_table.h"
#include "core/random.h"

namespace spreadable {

/// What all nodes together answered, and how many of them that was.
struct TraversalResult {
  Json value;
  std::size_t nodes_asked = 0;
  std::size_t nodes_answered = 0;
  std::size_t masters_asked = 0;
  std::size_t masters_failed =
      0;  ///< masters whose part is missing even after others stood in for them
  std::vector<Address> silent;  ///< nodes that gave no usable answer, at most Coverage::kSilentMax
  bool complete = false;        ///< every node asked has answered

  /// `{value, nodesAsked, nodesAnswered, mastersAsked, mastersFailed, silent, complete}`
  [[nodiscard]] Json to_json() const&;
  /// The same, without a copy of the value.
  [[nodiscard]] Json to_json() &&;
  /// Reads what to_json wrote; Errc::bad_response for anything else.
  [[nodiscard]] static Result<TraversalResult> from_json(const Json& json);
};

/// The question by which a coordinator asks masters for their parts (`route` is wire::kButlerRoute
/// or wire::kStandInRoute) or a master asks slaves (wire::kSlaveRoute). Audits ask the very same,
/// so that nobody can tell them apart.
class StageQuestion {
 public:
  StageQuestion(std::string_view route, const NetworkAction& action, const Json& query);
  [[nodiscard]] PeerRequest to(const Address& address) const;

 private:
  PeerRequest request_;  ///< without its receiver
};
/// The query inside the body of such a request, an object.
[[nodiscard]] Json query_of_stage(Json body);

/// Runs actions over the network, and the stages that other coordinators ask this node for.
///
///     client ──► coordinator ──► masters, all at once ──► their slaves, all at once
///                    merge ◄─────────── merge ◄────────────── local()
///
/// A silent slave costs its own answer: its master answers in time with what it has. A silent
/// master costs no more: after half of the time another master, or this node, stands in for it and
/// asks its last known slaves. Nothing that arrived is thrown away. Thread-safe. Source: design.md,
/// section 5 and law 3; protocol section 5.13.
class Traversal {
 public:
  /// A tenth of a stage's time, but at most this long, is kept for merging and for the way back.
  /// With what a receiver takes off anyway (wire::kSlippage) it makes up for two round trips of
  /// 160 ms: one makes the connection.
  static constexpr Millis kStageMarginMax{200};
  /// How often the missing parts are asked for, the first time included.
  static constexpr int kRounds = 3;

  /// All outlive this object.
  struct Parts {
    const PeerTable& table;
    const PeerBook& book;
    const KnownLists& lists;
    Outbound& outbound;
    const Clock& clock;
    Random& random;
    Logger& logger;
    AnswerMemory& memory;
    std::uint64_t memory_bytes_max;  ///< of it, for traversals that begin here
  };

  explicit Traversal(Parts parts) : parts_(parts) {}

  /// As coordinator: asks every node. `call` is what this node's own local() sees; it has the
  /// memory of the result afterwards. Errors only when `query` is no object, the action refuses it,
  /// or there is no memory for the answers until the deadline (Errc::overloaded); silent nodes show
  /// in the result.
  [[nodiscard]] Result<TraversalResult> run(NetworkAction& action, const Json& query,
                                            CallContext& call);
  /// As master: asks the own slaves, or those of the master that wire::kStandInFor names.
  [[nodiscard]] Result<Json> butler_stage(NetworkAction& action, CallContext& call);
  [[nodiscard]] Result<Json> stand_in_stage(NetworkAction& action, CallContext& call);
  /// As slave.
  [[nodiscard]] Result<Json> slave_stage(NetworkAction& action, CallContext& call);

 private:
  struct Part;
  struct Gathering;
  class Answers;

  [[nodiscard]] Result<Json> fan_out(NetworkAction& action, const std::vector<Address>& slaves,
                                     CallContext& call);
  [[nodiscard]] Result<void> take_memory(NetworkAction& action, AnswerMemory::Stage stage,
                                         CallContext& call);
  void gather(Gathering& gathering, Answers& answers);
  void ask_masters(Gathering& gathering, Answers& answers, Deadline deadline);
  [[nodiscard]] Address whom_to_ask(const Part& part, const Gathering& gathering) const;
  void pass_headers(PeerRequest& request, const NetworkAction& action,
                    const CallContext& call) const;
  [[nodiscard]] bool is_unable(const NetworkAction& action, const Address& address) const;
  [[nodiscard]] Deadline with_margin(Deadline deadline) const;
  [[nodiscard]] Result<Json> local(NetworkAction& action, const Json& query, CallContext& call);

  const Parts parts_;
};

}  // namespace spreadable
