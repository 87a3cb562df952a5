// services/approvals/beacon.h: masters make, together, what decides who sits in a committee.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/mutex.h"
#include "core/node.h"
#include "core/scheduler.h"
#include "services/approvals/beacon_record.h"
#include "services/approvals/seat_report.h"
#include "services/approvals/seniority.h"

namespace spreadable {

/// Runs one BeaconRecord for each length of period in use: as a master it asks the other masters
/// several times in each period for their promises and secrets. Tells everybody who asks what it
/// has heard, and since when it has seen the nodes in its list. All asking is by two routes of ours
/// under /api/node, and goes to nodes of ours only; a master that promised and does not reveal is
/// logged once per period. Thread-safe between start() and stop().
class Beacon {
 public:
  Beacon(Node& node, const std::set<Millis>& periods);

  void declare_routes(Router& router);
  void start();
  void stop();

  /// What the masters in this node's view say about the period at `slot`, one report for each that
  /// answers, and one more for the nodes of those that do not, as the others remember them. Blocks
  /// for a ping and two requests at most.
  [[nodiscard]] std::vector<SeatReport> reports(Millis period, std::int64_t slot,
                                                Deadline deadline);

 private:
  struct Question {
    Millis period{};
    std::int64_t slot = 0;
    std::vector<Address> about;  ///< masters whose lists are asked for instead of the own one
  };

  [[nodiscard]] std::int64_t wall_now() const;
  [[nodiscard]] Result<Question> read_question(const CallContext& call) const;
  [[nodiscard]] Result<Json> on_round(CallContext& call);
  [[nodiscard]] Result<Json> on_report(CallContext& call);
  [[nodiscard]] std::vector<Address> masters_of_ours(std::vector<Address>& silent,
                                                     Deadline deadline);
  [[nodiscard]] std::vector<Result<SeatReport>> ask_reports(const std::vector<Address>& masters,
                                                            const Question& question,
                                                            Deadline deadline);

  void add_lists_of(const std::vector<Address>& masters, std::vector<Address>& members) const;
  void add_gone_masters(std::vector<Address>& masters);

  Duration tick();
  void look_around();
  void learn_ages();
  void run_round(Millis period, BeaconRecord& record);
  void take_answer(const Address& master, const Json& answer, Millis period, BeaconRecord& record);
  void report_withheld(Millis period, BeaconRecord& record);

  Node& node_;
  Duration interval_{};  ///< between ticks
  std::unique_ptr<Scheduler::Task> task_;

  Mutex mutex_;
  std::map<Millis, BeaconRecord> records_ SPREADABLE_GUARDED_BY(mutex_);
  std::map<Millis, std::int64_t> reported_ SPREADABLE_GUARDED_BY(mutex_);  ///< slots logged about
  Seniority seniority_ SPREADABLE_GUARDED_BY(mutex_);
  /// When each master was last seen in this node's view, for those of the last few ticks.
  std::map<Address, TimePoint> masters_seen_ SPREADABLE_GUARDED_BY(mutex_);
  bool has_learnt_ages_ = false;  ///< used by the task only
};

}  // namespace spreadable
