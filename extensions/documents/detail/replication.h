// extensions/documents/detail/replication.h: keeps as many copies of each document as are wanted,
// and all of them alike.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/call_context.h"
#include "core/mutex.h"
#include "core/scheduler.h"
#include "extensions/documents/detail/comparing.h"
#include "extensions/documents/detail/context.h"
#include "extensions/documents/detail/copying.h"

namespace spreadable::documents::detail {

/// Looks after the documents of this node, in the background and one walk through the network at a
/// time. Each walk asks all nodes of ours what they have of some documents that this node has; then
/// it
/// - takes later states from others, tombstones too, and gives later ones to those who lag, so that
///   all end with the greatest Revision;
/// - makes missing copies. Of those who hold a document one is responsible, by a hash of its key
///   and their addresses, so that not all make them at once.
/// Documents are compared by key, not by digests of ranges: every node holds other documents than
/// the next one, so ranges of two nodes never agree.
///
/// Nodes of upstream do not answer these walks, and may hold copies all the same: where there are
/// some, states are compared between nodes of ours, and no copies are made. Thread-safe. Source:
/// reliability R7, R14, R15, R20; metastocle section 12.
class Replication {
 public:
  /// Copies waiting to be handed on; more are left to the walks.
  static constexpr std::size_t kChainsMax = 10'000;
  static constexpr std::size_t kChainsAtATime = 32;
  /// Addresses that one copy is handed on to.
  static constexpr std::size_t kDuplicatesMax = 1'000;
  /// Bytes of documents in one request; what a node takes as a body is more.
  static constexpr std::size_t kBatchBytesMax = 400'000;
  /// Between two walks of a node, for each node of the network: each then answers ten walks of
  /// others in a second at most.
  static constexpr Millis kWalkPause{100};
  /// Of a document that has come or changed less than this ago no copies are made: its others may
  /// still be on their way.
  static constexpr Millis kSettlingTime{10'000};
  /// With a larger share of nodes silent no copies are made: they may be there.
  static constexpr double kSilentShareMax = 0.05;

  Replication(Context context, Millis interval);
  ~Replication();
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;

  /// Begins its tasks. Call once, when the node serves.
  void start();
  /// Ends them; waits for what is under way.
  void stop();

  /// Looks through all documents soon, instead of at its time; not twice within an interval,
  /// whoever asks for it.
  void wake();
  /// Has `duplicates` store the copy, one after the other, in the background.
  void hand_on(Copy copy, std::vector<Address> duplicates);

  /// What the nodes that have them say of some documents, asked directly.
  [[nodiscard]] std::vector<Document> ask_holders(const std::string& collection,
                                                  const std::vector<std::string>& keys,
                                                  Deadline deadline);

  // Handlers of the routes wire::kGetCopies and wire::kPutCopies.
  [[nodiscard]] Result<Json> on_get_copies(CallContext& call);
  [[nodiscard]] Result<Json> on_put_copies(CallContext& call);

  /// Copies made since the start, taken over from others, and given to others.
  struct Counters {
    std::atomic<std::uint64_t> made{0};
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> given{0};
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Chain {
    Copy copy;
    std::deque<Address> duplicates;
  };
  struct Walk;

  Duration run_chains();
  Duration run_walk();
  [[nodiscard]] std::vector<Trace> next_traces();
  void walk(CollectionStore& store, const std::vector<Trace>& traces);
  void take_later(Walk& walk);
  void give_later(Walk& walk);
  void make_missing(Walk& walk);
  [[nodiscard]] std::vector<Document> fetch(const Address& from, const std::string& collection,
                                            const std::vector<std::string>& keys,
                                            Deadline deadline);

  const Context context_;
  const Millis interval_;
  Counters counters_;
  Mutex mutex_;
  std::deque<Chain> chains_ SPREADABLE_GUARDED_BY(mutex_);
  std::optional<TimePoint> woken_at_ SPREADABLE_GUARDED_BY(mutex_);
  // Of the task that walks.
  std::size_t collection_ = 0;  ///< index of the one looked through
  std::string after_{};         ///< key of the last document looked at
  std::unique_ptr<Scheduler::Task> chain_task_;
  std::unique_ptr<Scheduler::Task> walk_task_;
};

}  // namespace spreadable::documents::detail
