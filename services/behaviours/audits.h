// services/behaviours/audits.h: checks that masters hand on what their slaves say.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/node.h"
#include "core/service.h"
#include "services/behaviours/evidence.h"
#include "services/behaviours/overheard.h"

namespace spreadable {

/// The kind of conduct that audits tell; its Behaviour is among default_behaviours().
inline constexpr std::string_view kMasterAnswers = "masterAnswers";

/// Asks a master for its part of an answer, and at the same time a few of its slaves for theirs,
/// and compares. A master that drops or invents part of its list would otherwise go unnoticed: only
/// it knows what its slaves have said.
///
/// Each node audits the masters whose lists it knows: a slave its own master, a master all others.
/// Between them they reach everyone, since a slave takes its masters from its own. An audit repeats
/// a question that was overheard, or asks for the network map, by the very request that a
/// coordinator sends, at random times. Only peers of ours are audited.
///
/// What a master openly says it has not heard is not held against it, and neither is a slave that
/// leaves its list meanwhile: a list is believed for kListLifetime, and a suspect is audited again
/// by one that was fetched since. Witnesses add up over several audits (Evidence); a master that
/// gave cause is asked again soon. Each audit of a master that the witnesses before it have shown
/// to be guilty, and that gives cause once more, is told as bad conduct. A slave is believed
/// against one master only: one that accuses each of its masters in turn would bring them down by
/// itself. Source: reliability S2, S13.
class Audits : public Service {
 public:
  struct Options {
    /// Requests that audits cost for each node and sync interval, on average over the network, with
    /// those that the audited masters send to their slaves for it. One half goes to slaves, the
    /// other to masters. So the larger the network the rarer an audit: with 1,000 nodes each pair
    /// of masters, and each slave with its master, has one in about 33 intervals, and one an
    /// interval once there is cause. 0: no audits.
    double requests_per_interval = 2.25;
    std::size_t witnesses = 4;  ///< slaves asked in one audit
    /// The same where there is cause and the list is longer: what the master asks its own slaves
    /// for it costs more, so a judgement (Evidence's witnesses_min) comes of one audit. A few
    /// hostile slaves are a large share of a shorter list; those take several audits.
    std::size_t witnesses_of_suspect = 12;
    /// Audits in a row of a master that has given cause: enough to be judged and banned.
    unsigned follow_ups_max = 6;
    std::size_t suspects_max = 4;  ///< audited in one run, beside the one whose turn it is
    /// Of Evidence: intervals for which a word counts, where lists are long.
    int validity_intervals = 20;
    /// A new node's view is not right yet.
    int quiet_intervals = 4;
    /// Of Evidence: intervals after which a slave that says it is another master's, or that does
    /// not answer, is held against the master which still lists it.
    int elsewhere_intervals = 5;
    int absence_intervals = 40;
  };
  static constexpr const char* kName = "audits";
  /// Slaves remembered that have spoken against a master; beyond it all are forgotten.
  static constexpr std::size_t kAccusersMax = 4096;
  /// Audits go by the sync interval, but by no shorter one: a process that stood still for seconds
  /// does not know at once who has dropped it meanwhile, however often it syncs.
  static constexpr Duration kIntervalMin = std::chrono::seconds{10};
  /// Intervals for which a master is audited by a list. It is fetched once in each, unless requests
  /// get lost or this node has left that master, which may since have dropped whom it could not
  /// reach.
  static constexpr int kListLifetime = 2;
  /// No answer is waited for longer, so that a node can stop in time.
  static constexpr Duration kBudgetMax = std::chrono::seconds{5};

  Audits();
  explicit Audits(Options options);
  ~Audits() override;

  void declare_routes(Router& router) override;
  [[nodiscard]] Result<void> init() override;
  void deinit() override;

  /// Audits, now, the suspects that are due and the master whose turn it is, one after the other.
  /// Blocks for kBudgetMax for each at most. Used by the scheduler; by tests.
  void run();

 private:
  /// A master that can be audited, and its list.
  struct Candidate {
    Address master;
    KnownLists::List list;
  };
  /// What is known about a master.
  struct File {
    Evidence evidence;
    unsigned follow_ups = 0;  ///< audits in a row because of a cause it gave
    bool is_suspect = false;
    TimePoint audited_at{};
  };

  /// What is due at this time; returns the time until something is due again.
  [[nodiscard]] Duration run_on_time();
  void follow_up();
  void audit_next();
  [[nodiscard]] std::vector<Candidate> candidates() const;
  [[nodiscard]] bool is_due(const Candidate& candidate);
  [[nodiscard]] std::vector<Candidate> due_suspects();
  [[nodiscard]] std::optional<Candidate> choose();
  [[nodiscard]] Overheard::Question choose_question(const Address& master);
  [[nodiscard]] std::vector<Address> eligible(const Candidate& candidate) const;
  void audit(const Candidate& candidate);
  /// What to believe of what a slave of `master` says.
  [[nodiscard]] Evidence::Testimony weigh(const Address& witness, const Address& master,
                                          Evidence::Testimony testimony);
  void judge(const Address& master, const Evidence& evidence,
             const std::vector<Evidence::Testimony>& words, bool was_damning);
  /// Between two audits of those whose turn it is.
  [[nodiscard]] Duration turn_delay() const;
  [[nodiscard]] Duration interval() const;
  [[nodiscard]] File& file_of(const Address& master);
  void forget_old_files();
  void forget_own_words();

  const Options options_;
  Overheard overheard_;
  const NetworkAction* map_ = nullptr;  ///< the action that every node of ours has
  std::atomic<bool> is_stopping_{false};
  std::unique_ptr<Scheduler::Task> task_;

  /// Masters that this node has registered with since the last run.
  Mutex mutex_;
  std::set<Address> joined_ SPREADABLE_GUARDED_BY(mutex_);

  // Used by run() only.
  std::optional<TimePoint> turn_at_;  ///< when the next turn is due; empty before the first run
  std::map<Address, File> files_;
  std::map<Address, Address> accusers_;  ///< slaves, and the master that each has accused first
  std::vector<Address> turn_;            ///< whom to audit next, from its end
  bool is_map_next_ = true;
};

}  // namespace spreadable
