// services/approvals/approval.h: makes a client convince a committee of nodes before an action is
// allowed.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/count_rule.h"
#include "core/ip.h"
#include "core/json.h"
#include "core/result.h"
#include "core/service.h"
#include "services/approvals/committee.h"

namespace spreadable {

/// One kind of vote under one name. The client asks any node for a committee, tells each approver
/// what it wants, gets a question that the approvers' parts make up together, and shows its answer
/// with the request that is to be allowed; the node asked lets every approver check it.
///
/// The committee of a period is the nodes that sort first by a hash, so everyone computes the same
/// one. Approvals (services/approvals/approvals.h) runs the flow over the wire, chooses, counts and
/// keeps the ballots; a subclass says what the question is and which answer is right.
/// docs/approvals.md has a whole one. Hooks run concurrently, hold no lock, and should be quick.
class Approval : public Service {
 public:
  /// How a committee is chosen.
  enum class Choice {
    beacon,  ///< by a value that nobody knows before the period; for networks of our nodes
    legacy,  ///< by the hash of address and period, as the protocol has it; needed in mixed
             ///< networks
  };
  /// How often a solved answer counts.
  enum class Replay {
    once,      ///< at one node, whichever asks first
    per_node,  ///< once at each node; needed in mixed networks
  };

  struct Options {
    Choice committee = Choice::beacon;
    /// How many of the network's nodes vote. Thirty-one at two thirds: with a fifth of all nodes
    /// hostile, one committee in 175 million is theirs (docs/approvals.md).
    CountRule approvers = CountRule::fixed(31);
    CountRule decision_level = CountRule::percent(66.6);  ///< how many of those must say yes
    Millis period = std::chrono::minutes{5};  ///< how long a committee sits, and a ballot lives
    Replay replay = Replay::once;
    /// Whether a request must come from the ip that the approval was given to.
    bool is_bound_to_ip = true;

    /// A hundred approvers at three fifths: stands a third of hostile nodes.
    [[nodiscard]] static Options high();
    /// The protocol's choice and counts.
    [[nodiscard]] static Options legacy();

    /// From config keys committee, approversCount, decisionLevel, period, replay and clientIp,
    /// which are taken out of `settings`. `defaults` stand for those that are missing.
    /// Errc::invalid_argument naming the key.
    [[nodiscard]] static Result<Options> take(Json& settings, Options defaults);
    /// The same with the defaults that config keys level and committee name.
    [[nodiscard]] static Result<Options> take(Json& settings);
  };
  /// Who asks to be approved, and how it wants to be asked.
  struct Applicant {
    IpAddress ip;
    Json info;  ///< has passed check_info(); null for nothing
  };
  /// What one approver contributes.
  struct Question {
    Json part;    ///< goes to the coordinator
    Json answer;  ///< stays here, to be compared
  };
  /// Where one approver stands among those whom the client names.
  struct Seat {
    std::size_t index = 0;
    std::size_t count = 1;
  };

  /// `name` is what actions refer to: lower-case letters, digits and hyphens.
  Approval(std::string name, Options options);

  [[nodiscard]] const std::string& action() const { return action_; }
  [[nodiscard]] const Options& options() const { return options_; }

  /// Whether a client's wishes are acceptable. By default it can have none.
  [[nodiscard]] virtual Result<void> check_info(const Json& info) const;
  /// At an approver: its part of the question, and the answer that it will want to see.
  [[nodiscard]] virtual Question make_question(const Applicant& applicant) = 0;
  /// At the coordinator: whether what an approver sent is usable. It is foreign. By default all is.
  [[nodiscard]] virtual Result<void> check_part(const Json& part) const;
  /// At the coordinator: the question for the client, from the parts in the order in which the
  /// client names the approvers; null stands for a part that is lost. At least one is not.
  [[nodiscard]] virtual Result<Json> join(const Applicant& applicant,
                                          const std::vector<Json>& parts) const = 0;
  /// Whether an answer has the right form, before anybody is asked about it. By default a text of
  /// at most 4 KiB.
  [[nodiscard]] virtual Result<void> check_answer(const Json& answer) const;
  /// At an approver: whether `given` is right where `expected` was kept from make_question().
  [[nodiscard]] virtual bool is_right_answer(const Json& expected, const Json& given,
                                             const Seat& seat) const = 0;

 private:
  const std::string action_;
  const Options options_;
};

}  // namespace spreadable
