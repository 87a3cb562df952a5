// services/approvals/approvals.h: the votes of a network, over the wire.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/node.h"
#include "core/service.h"
#include "services/approvals/approval.h"
#include "services/approvals/ballot_box.h"
#include "services/approvals/beacon.h"
#include "services/approvals/committee_finder.h"

namespace spreadable {

/// Plays all three parts in the flow of an approval: coordinator (finds the committee, joins the
/// question), approver (keeps ballots, checks answers) and guard (lets a request pass when enough
/// approvers say yes). Knows every Approval among the node's services; actions ask for one by
/// FunctionAction::needs_approval, other routes by protect().
///
/// What a client names is believed where it can be checked: the approvers must sit in the committee
/// that this node finds itself, and be no more than it has seats; the ip must be the one seen here;
/// an answer counts once. docs/approvals.md has the whole flow. Thread-safe; blocks for requests to
/// masters and approvers. Source: protocol section 7; reliability S6.
class Approvals : public Service {
 public:
  static constexpr const char* kName = "approvals";

  Approvals();
  explicit Approvals(BallotBox::Limits limits);
  ~Approvals() override;

  void declare_routes(Router& router) override;
  [[nodiscard]] Result<void> init() override;
  void deinit() override;

  /// Lets requests to the POST route `path` pass only with approval `name`. Requires: the route is
  /// declared, the approval is known; called from declare_routes or prepare_routes.
  void protect(Router& router, std::string_view path, const std::string& name);
  /// Whether a request carries approval `name`, for handlers that need one for some requests only.
  /// Errors as those of a protected route. Requires: the approval is known.
  [[nodiscard]] Result<void> check(const std::string& name, CallContext& call);
  /// The approval of that name, or nullptr.
  [[nodiscard]] Approval* find(const std::string& name) const;

 private:
  /// What a client shows with a request that needs an approval.
  struct Claim;

  [[nodiscard]] Result<Json> on_request_key(CallContext& call);
  [[nodiscard]] Result<Json> on_add_info(CallContext& call);
  [[nodiscard]] Result<Json> on_request_question(CallContext& call);
  [[nodiscard]] Result<Json> on_get_info(CallContext& call);
  [[nodiscard]] Result<Json> on_check_answer(CallContext& call);
  [[nodiscard]] Result<void> check(const Approval& approval, CallContext& call);

  void declare_beacon(Router& router);
  [[nodiscard]] Result<Approval*> approval_of(const CallContext& call) const;
  [[nodiscard]] std::int64_t current_period(const Approval& approval) const;
  [[nodiscard]] bool is_valid_period(const Approval& approval, const Json& started_at) const;

  /// Those whom a client confirms, and how many of them must give a part.
  struct Confirmed {
    std::vector<Address> approvers;
    std::size_t needed = 1;
  };
  [[nodiscard]] Result<Confirmed> confirmed(const Approval& approval, const Json& named,
                                            Deadline deadline);
  [[nodiscard]] std::vector<Json> ask_parts(const Approval& approval, const Confirmed& confirmed,
                                            const CallContext& call);
  [[nodiscard]] std::optional<Ballot> take_ballot(const CallContext& call);
  [[nodiscard]] std::optional<Approval::Seat> own_seat(const Approval& approval,
                                                       const Ballot& ballot,
                                                       const CallContext& call);
  [[nodiscard]] Result<Claim> read_claim(const Approval& approval, const CallContext& call) const;

  const BallotBox::Limits limits_;
  std::unique_ptr<BallotBox> ballots_;
  std::map<std::string, Approval*> approvals_;  ///< filled by declare_routes
  std::unique_ptr<Beacon> beacon_;
  std::unique_ptr<CommitteeFinder> finder_;
};

}  // namespace spreadable
