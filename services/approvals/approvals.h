// services/approvals/approvals.h: the votes of a network, over the wire.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/node.h"
#include "core/service.h"
#include "services/approvals/approval.h"
#include "services/approvals/ballot_box.h"

namespace spreadable {

/// Plays all three parts in the flow of an approval: coordinator (finds the committee, joins the question),
/// approver (keeps ballots, checks answers) and guard (lets a request pass when enough approvers say yes).
/// Knows every Approval among the node's services; actions ask for one by FunctionAction::needs_approval,
/// other routes by protect().
/// Thread-safe; blocks for requests to masters and approvers. Source: protocol section 7.
class Approvals : public Service {
 public:
  static constexpr const char* kName = "approvals";
  /// A committee found is kept this long: asking all masters anew for each client would let strangers
  /// make a network talk to itself.
  static constexpr Duration kCommitteeLifetime = std::chrono::seconds{3};

  Approvals();
  explicit Approvals(BallotBox::Limits limits);
  ~Approvals() override;

  void declare_routes(Router& router) override;

  /// Lets requests to the POST route `path` pass only with approval `name`. Requires: the route is declared,
  /// the approval is known; called from declare_routes or prepare_routes.
  void protect(Router& router, std::string_view path, const std::string& name);
  /// The approval of that name, or nullptr.
  [[nodiscard]] Approval* find(const std::string& name) const;

 private:
  using Committee = std::vector<Address>;
  /// What a client shows with a request that needs an approval.
  struct Claim;

  [[nodiscard]] Result<Json> on_request_key(CallContext& call);
  [[nodiscard]] Result<Json> on_add_info(CallContext& call);
  [[nodiscard]] Result<Json> on_request_question(CallContext& call);
  [[nodiscard]] Result<Json> on_get_info(CallContext& call);
  [[nodiscard]] Result<Json> on_check_answer(CallContext& call);
  [[nodiscard]] Result<void> check(const Approval& approval, CallContext& call);

  [[nodiscard]] Result<Approval*> approval_of(const CallContext& call) const;
  [[nodiscard]] std::int64_t current_period(const Approval& approval) const;
  [[nodiscard]] bool is_valid_period(const Approval& approval, const Json& started_at) const;
  [[nodiscard]] std::size_t wanted(const Approval& approval) const;

  /// The committee of the period that begins at `period`, living members only, from the cache where it is
  /// fresh.
  [[nodiscard]] Committee committee(const Approval& approval, std::int64_t period,
                                    Deadline deadline);
  [[nodiscard]] std::vector<std::string> electorate(Deadline deadline);
  [[nodiscard]] Committee first_alive(const std::vector<std::string>& order, std::size_t count,
                                      Deadline deadline);
  [[nodiscard]] Committee confirmed(const Approval& approval, const Json& named, Deadline deadline);
  [[nodiscard]] Result<Claim> read_claim(const Approval& approval, const CallContext& call) const;

  struct Cached {
    Committee committee;
    TimePoint found_at;
  };

  const BallotBox::Limits limits_;
  std::unique_ptr<BallotBox> ballots_;
  std::map<std::string, Approval*> approvals_;  ///< filled by declare_routes
  Mutex mutex_;
  std::map<std::pair<std::string, std::int64_t>, Cached> committees_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
