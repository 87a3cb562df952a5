// services/sync/sync.h: how a node finds its place in the network and keeps its view of it right.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/node.h"
#include "core/scheduler.h"
#include "core/service.h"
#include "services/sync/corroboration.h"
#include "services/sync/ip_quota.h"
#include "services/sync/isolation.h"
#include "services/sync/placement.h"
#include "services/sync/structure_cache.h"

namespace spreadable {

/// Membership: in each run a node asks its master, its slaves and, as a master, the other masters
/// for their lists; corrects its own; drops who is gone; joins a list when it is in none; and evens
/// out lists that have become too long. What peers expect of a node is in protocol section 5, what
/// we promise beyond it in design.md section 6; docs/membership.md explains the algorithm.
///
/// Runs follow each other quickly while the view changes and back off to the sync interval when
/// nothing does. Nothing learnt from one peer about another is believed before the other has
/// confirmed it, except that a slave takes the masters list of its own master.
///
/// Thread-safe. run() never overlaps itself. Hooks run on the sync thread or on request threads,
/// with no lock held.
class Sync : public Service {
 public:
  struct Options {
    Duration interval = std::chrono::seconds{16};  ///< between runs when nothing changes
    /// Between the first runs after a change: quick enough that a network forms within seconds.
    Duration interval_min = std::chrono::milliseconds{250};
    Duration request_timeout = std::chrono::seconds{2};  ///< for each step that asks peers
    unsigned misses_max = 3;  ///< runs in a row without an answer until a peer is dropped
    /// A new slave may not yet have noted its master when it is asked for the first time.
    Duration newcomer_grace = std::chrono::seconds{1};
    /// Intervals that a node which is not of ours stays in a list, whatever speaks against it: it
    /// counts against a master to drop a slave again and again (protocol section 6).
    int foreign_stay_intervals = 3;
    /// Intervals for which such a node may say nothing, when it is not plainly gone.
    int foreign_silence_intervals = 4;
    /// Intervals for which a master's list may be far too long.
    int overlong_intervals = 20;
    /// Intervals after which a master of ours joins one that does not know it.
    int split_intervals = 4;
    /// Intervals for which the network has to be calm before it is held against peers that they
    /// tell of another one, and for which a slave stays with a master that others contradict.
    int calm_intervals = 6;
    std::size_t explore_max = 3;                     ///< forgotten peers asked in one run
    std::size_t providers_max = 3;                   ///< nodes asked for a place in one run
    std::size_t slaves_max = Transport::kGroupMax;   ///< a longer list is refused, not shortened
    IpQuota::Limits ip_quota;                        ///< of one neighbourhood of the internet
    bool is_automatic = true;                        ///< false: only run() syncs
    Duration average_period = std::chrono::days{1};  ///< what the average sync time covers
    unsigned server_max_fails =
        10;  ///< of the formula of the sync lifetime, which upstream peers read

    /// What `options` say, the rest in proportion to the interval.
    [[nodiscard]] static Options of(const NodeOptions& options);
  };

  static constexpr const char* kName = "sync";

  /// With the options of the node it is added to.
  Sync();
  explicit Sync(Options options);
  /// Shares what it reads with the other nodes of the process.
  explicit Sync(std::shared_ptr<StructureCache> cache);
  ~Sync() override;

  void declare_routes(Router& router) override;
  [[nodiscard]] Result<void> init() override;
  void deinit() override;
  void describe(Json& status) const override;

  /// One run, now. Returns the time until the next. Blocks for a few request timeouts at most. Used
  /// by the scheduler; by tests and tools when not automatic.
  Duration run();
  /// Makes the next run come soon, after interval_min at most.
  void wake();

  /// interval × serverMaxFails × list limit. Source: protocol section 5.2.
  [[nodiscard]] Duration sync_lifetime() const;

 protected:
  /// Whether this node may register with `master`, and be told to. By default everyone who answers.
  [[nodiscard]] virtual bool is_suitable_master(const Address& master) const;
  /// What this node tells a master that interviews it; extensions add keys.
  [[nodiscard]] virtual Json make_summary() const;
  /// Whether a newcomer's summary is acceptable; Errc::logical with a code refuses it.
  [[nodiscard]] virtual Result<void> check_summary(const Address& newcomer,
                                                   const Json& summary) const;
  /// After each run.
  virtual void on_synced() {}

 private:
  class Round;
  class Registration;
  class Provider;
  friend class Round;
  friend class Registration;
  friend class Provider;

  /// What a slave is asked to move to, until when.
  struct Move {
    Address to;
    TimePoint until;
  };
  /// A peer's silence so far.
  struct Silence {
    unsigned runs = 0;  ///< in a row without an answer
    TimePoint since{};
    bool is_refused = false;  ///< the last time its machine said that nobody is there
  };
  /// What outlives a run. Guarded by mutex_ where request threads touch it, else used by run()
  /// only.
  struct Memory {
    std::unordered_map<Address, Silence> misses;
    std::unordered_map<Address, TimePoint> slave_since;
    std::unordered_map<Address, Move> moves;
    std::set<Address> claimants;  ///< strangers that call themselves masters; asked in the next run
    TimePoint claimed_at{};       ///< when one of them last made a run come sooner
  };

  [[nodiscard]] HttpResponse on_structure(CallContext& call);
  [[nodiscard]] std::string whole_structure(const PeerView& view);
  void note_claim(const CallContext& call, const PeerView& view);
  [[nodiscard]] Result<Json> on_register(CallContext& call);
  [[nodiscard]] Result<Json> on_provide_registration(CallContext& call);
  [[nodiscard]] Result<Json> on_leave(CallContext& call);

  void ensure_root();
  [[nodiscard]] std::optional<std::string> ask_for_root(const Address& address);
  [[nodiscard]] Address name_of(const Address& address) const;
  void note_name(const Address& address, const Result<PeerReply>& pong);
  void load();
  void save();
  void say_goodbye();
  void plan_moves();
  [[nodiscard]] static bool is_upheaval(const PeerView& before, const PeerView& after);
  [[nodiscard]] Duration next_delay(bool has_changed);
  [[nodiscard]] Deadline step_deadline() const;
  [[nodiscard]] bool is_first_node() const;
  [[nodiscard]] std::vector<Address> spare_masters() const;
  void note_slave(const Address& address);
  [[nodiscard]] bool may_drop(const Address& slave) const;
  [[nodiscard]] bool is_newcomer(const Address& slave) const;
  [[nodiscard]] IpQuota::Lists lists_of(const PeerView& view) const;
  void drop_surplus();

  /// A list as fetched, and the tag under which it came.
  struct Known {
    std::string tag;
    std::shared_ptr<const Structure> structure;
  };
  /// Our own list as peers get it.
  struct Prepared {
    std::uint64_t revision = 0;
    std::string text;
  };

  const std::shared_ptr<StructureCache> cache_;
  std::optional<Options> given_options_;
  Options options_;
  std::unique_ptr<Placement> placement_;
  std::unique_ptr<IpQuota> ip_quota_;
  TimePoint started_at_{};
  std::uint64_t incarnation_ = 0;  ///< keeps our tags apart from those of before a restart

  // Used by run() only.
  Duration delay_{};
  bool was_quiet_ = true;
  bool was_registered_ = false;                     ///< has had a master since the start
  std::unordered_map<Address, Address> own_names_;  ///< of addresses in the options: see name_of
  std::uint64_t saved_revision_ = 0;
  TimePoint saved_at_{};
  unsigned quiet_runs_ = 0;             ///< runs without a change in a row
  std::vector<PeerRecord> remembered_;  ///< of before the restart, until the first run
  std::optional<Address> move_to_;      ///< where our master wants us
  std::map<std::pair<std::string_view, Address>, TimePoint> told_at_;  ///< of a conduct
  std::unordered_map<Address, Known> known_;  ///< of those asked in the last run
  std::unordered_set<Address> read_slaves_;   ///< whose masters lists have been read at least once
  Address overlong_master_;                   ///< whose list we are in
  TimePoint overlong_since_{};
  std::size_t list_length_ = 0;  ///< of our slaves, in the last run
  TimePoint list_changed_at_{};
  Isolation isolation_;
  Corroboration corroboration_;
  MasterList calm_masters_;  ///< with which those that we see have agreed since calm_since_
  TimePoint calm_since_{};
  std::map<Address, TimePoint> ignored_since_;  ///< foreign masters whose lists lack this node

  mutable Mutex mutex_;
  Memory memory_ SPREADABLE_GUARDED_BY(mutex_);
  /// The slaves of our master.
  std::shared_ptr<const std::vector<Address>> siblings_ SPREADABLE_GUARDED_BY(mutex_);
  std::optional<Prepared> prepared_ SPREADABLE_GUARDED_BY(mutex_);  ///< of a master
  std::deque<Duration> durations_ SPREADABLE_GUARDED_BY(mutex_);
  std::atomic<bool> knows_lists_{false};  ///< as a master, which has asked all others for theirs
  std::atomic<bool> is_stopping_{false};
  std::unique_ptr<Scheduler::Task> task_;
};

}  // namespace spreadable
