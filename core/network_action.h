// core/network_action.h: what a network is asked to do.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/answer_memory.h"
#include "core/call_context.h"
#include "core/json.h"
#include "core/result.h"
#include "core/schema.h"

namespace spreadable {

/// One answer that a stage merges: a node's own, or what a master made of its slaves' answers.
struct Reply {
  Address from;
  Json value;
};

/// Who gives an answer that a stage merges.
enum class Answerer { slave, master };

/// A distributed computation: every node does `local`, every stage joins answers by `merge`.
/// Hooks run concurrently on many threads, are ordinary blocking code, and should end before the
/// call's deadline. An exception out of a hook costs this node's answer and is logged.
class NetworkAction {
 public:
  explicit NetworkAction(std::string name);
  virtual ~NetworkAction() = default;
  NetworkAction(const NetworkAction&) = delete;
  NetworkAction& operator=(const NetworkAction&) = delete;

  /// Lower-case letters, digits and hyphens: it stands in routes.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Whether clients may start it, at /client/<name>.
  [[nodiscard]] bool is_for_clients() const { return is_for_clients_; }

  /// The approval that clients need to start it; empty: none.
  [[nodiscard]] const std::string& approval() const { return approval_; }

  /// Whether a node's answer counts only when it is signed with the node's key (core/signatures.h).
  /// Each stage checks those it asks.
  [[nodiscard]] bool has_signed_answers() const { return has_signed_answers_; }

  /// Names of request headers that go along with the question, from the coordinator's call to every
  /// node that is not known to be none of ours: what nodes of ours agree on beyond the protocol.
  [[nodiscard]] const std::vector<std::string>& passed_headers() const { return passed_headers_; }

  /// Whether nodes of upstream do not know it. They are not asked then; what is asked of a master
  /// among them, others ask its slaves in its place.
  [[nodiscard]] bool is_native_only() const { return is_native_only_; }

  /// Refuses a query before any work is done for it; runs at every stage, as nothing from the wire
  /// is trusted. Errc::logical or Errc::invalid_argument reach the caller as 422. By default all
  /// pass.
  [[nodiscard]] virtual Result<void> check(const Json& query) const;
  /// This node's own answer.
  [[nodiscard]] virtual Json local(const Json& query, CallContext& call) = 0;
  /// Joins answers into one of the same form, since masters merge what slaves answered and the
  /// coordinator merges what masters made of it. The order of replies means nothing, and there may
  /// be none. By default arrays are joined into one array, each other value being an array of one.
  [[nodiscard]] virtual Json merge(const std::vector<Reply>& replies, const Json& query) const;

  /// As merge, and may take the values out of `replies`, so that large ones are not there twice. By
  /// default it is merge().
  [[nodiscard]] virtual Json merge_away(std::vector<Reply>& replies, const Json& query) const;

  /// The same for actions whose answers have one form at slaves and another one at masters, or
  /// depend on the call: joins slaves' answers into a master's, and masters' into the result. A
  /// master may add reply headers. By default both are merge_away().
  [[nodiscard]] virtual Json merge_slaves(std::vector<Reply>& replies, const Json& query,
                                          CallContext& call) const;
  [[nodiscard]] virtual Json merge_masters(std::vector<Reply>& replies, const Json& query,
                                           CallContext& call) const;
  /// What an answer must look like, or nullptr when any will do; lives as long as the action. An
  /// answer that is refused is silence, and held against its node. With a schema objects carry
  /// field `address`, the node asked, as the protocol has it (protocol section 1.11).
  [[nodiscard]] virtual const Schema* answer_schema(Answerer from, const Json& query) const;

  /// Whether audits of masters may ask it (services/behaviours/audits.h). They repeat queries that
  /// were asked anyway, so only an action without effects says yes. By default it does not.
  [[nodiscard]] virtual bool is_auditable() const { return false; }
  /// Whether `merged`, which a master made of its slaves' answers, leaves room for `reply`, which
  /// one of these slaves gives when it is asked directly at the same time; false: the master has
  /// left it out. Nothing when this reply does not tell, as by default none does. Both values come
  /// from the wire and may have any form.
  [[nodiscard]] virtual std::optional<bool> leaves_room(const Json& merged, const Reply& reply,
                                                        const Json& query) const;

  /// What one who gathers answers to it is going to need.
  [[nodiscard]] ExpectedMemory& expected_memory(AnswerMemory::Stage stage) {
    return expected_memory_[static_cast<std::size_t>(stage)];
  }

 protected:
  bool is_for_clients_ = true;
  bool has_signed_answers_ = false;
  bool is_native_only_ = false;
  std::string approval_;
  std::vector<std::string> passed_headers_;

 private:
  const std::string name_;
  std::array<ExpectedMemory, 2> expected_memory_;  ///< by stage
};

/// A NetworkAction made of functions. Made by Node::add_action.
class FunctionAction final : public NetworkAction {
 public:
  using Check = std::function<Result<void>(const Json& query)>;
  using Local = std::function<Json(const Json& query, CallContext& call)>;
  using Merge = std::function<Json(const std::vector<Reply>& replies, const Json& query)>;
  using Audit =
      std::function<std::optional<bool>(const Json& merged, const Reply& reply, const Json& query)>;

  using NetworkAction::NetworkAction;

  FunctionAction& check(Check check);
  FunctionAction& local(Local local);
  FunctionAction& merge(Merge merge);
  /// Lets masters be audited by this action, which has no effects: see NetworkAction::leaves_room.
  FunctionAction& audit(Audit audit);
  /// Only nodes may start it, not clients.
  FunctionAction& internal();
  /// Nodes sign their answers, and whoever asked them believes no others.
  FunctionAction& signed_answers();
  /// Clients may start it only with this approval, which the node must know (NodeOptions::approval
  /// or a service derived from Approval).
  FunctionAction& needs_approval(std::string name);

  [[nodiscard]] Result<void> check(const Json& query) const override;
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;
  [[nodiscard]] Json merge(const std::vector<Reply>& replies, const Json& query) const override;
  [[nodiscard]] Json merge_away(std::vector<Reply>& replies, const Json& query) const override;
  [[nodiscard]] bool is_auditable() const override { return static_cast<bool>(audit_); }
  [[nodiscard]] std::optional<bool> leaves_room(const Json& merged, const Reply& reply,
                                                const Json& query) const override;

 private:
  Check check_;
  Local local_;
  Merge merge_;
  Audit audit_;
};

/// Ready-made merges.
namespace merges {
/// The sum of all numbers; 0 for none.
[[nodiscard]] Json sum(const std::vector<Reply>& replies, const Json& query);
/// Objects of numbers added key by key: `{"a":1}` and `{"a":2,"b":1}` make `{"a":3,"b":1}`.
[[nodiscard]] Json sum_by_key(const std::vector<Reply>& replies, const Json& query);
/// All arrays in one; any other value counts as an array of one.
[[nodiscard]] Json concatenate(const std::vector<Reply>& replies, const Json& query);
/// The same, of values that are taken out of `replies`.
[[nodiscard]] Json concatenate_away(std::vector<Reply>& replies);
}  // namespace merges

/// Ready-made audits.
namespace audits {
/// For actions merged by merges::concatenate, whose values are the same when asked again: whatever
/// the reply holds is in `merged`. A reply without values does not tell.
[[nodiscard]] std::optional<bool> contains(const Json& merged, const Reply& reply,
                                           const Json& query);
}  // namespace audits

}  // namespace spreadable
