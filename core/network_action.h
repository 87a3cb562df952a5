// core/network_action.h: what a network is asked to do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/call_context.h"
#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// One answer that a stage merges: a node's own, or what a master made of its slaves' answers.
struct Reply {
  Address from;
  Json value;
};

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

 protected:
  bool is_for_clients_ = true;
  std::string approval_;

 private:
  const std::string name_;
};

/// A NetworkAction made of functions. Made by Node::add_action.
class FunctionAction final : public NetworkAction {
 public:
  using Check = std::function<Result<void>(const Json& query)>;
  using Local = std::function<Json(const Json& query, CallContext& call)>;
  using Merge = std::function<Json(const std::vector<Reply>& replies, const Json& query)>;

  using NetworkAction::NetworkAction;

  FunctionAction& check(Check check);
  FunctionAction& local(Local local);
  FunctionAction& merge(Merge merge);
  /// Only nodes may start it, not clients.
  FunctionAction& internal();
  /// Clients may start it only with this approval, which the node must know (NodeOptions::approval
  /// or a service derived from Approval).
  FunctionAction& needs_approval(std::string name);

  [[nodiscard]] Result<void> check(const Json& query) const override;
  [[nodiscard]] Json local(const Json& query, CallContext& call) override;
  [[nodiscard]] Json merge(const std::vector<Reply>& replies, const Json& query) const override;

 private:
  Check check_;
  Local local_;
  Merge merge_;
};

/// Ready-made merges.
namespace merges {
/// The sum of all numbers; 0 for none.
[[nodiscard]] Json sum(const std::vector<Reply>& replies, const Json& query);
/// Objects of numbers added key by key: `{"a":1}` and `{"a":2,"b":1}` make `{"a":3,"b":1}`.
[[nodiscard]] Json sum_by_key(const std::vector<Reply>& replies, const Json& query);
/// All arrays in one; any other value counts as an array of one.
[[nodiscard]] Json concatenate(const std::vector<Reply>& replies, const Json& query);
}  // namespace merges

}  // namespace spreadable
