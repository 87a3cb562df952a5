// services/behaviours/behaviours.h: keeps score of peers, and bans those whose score is bad.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/node.h"
#include "core/service.h"
#include "services/behaviours/banlist.h"
#include "services/behaviours/behaviour.h"
#include "services/behaviours/score.h"

namespace spreadable {

/// Karma: hears of conduct, keeps a score for each peer and kind, refuses at once who did what has
/// no innocent explanation, and bans who has been suspicious for long. Scores are this node's own:
/// nothing that others say about a peer counts. A node that can't reach most of its peers doubts
/// itself first, and blames nobody. Trusted addresses have no score. Scores live in memory,
/// bounded; bans are stored. Thread-safe. Source: protocol section 6; reliability S11, S12, S13,
/// R9.
class Behaviours : public Service {
 public:
  struct Options {
    std::size_t scores_max = 10'000;  ///< the one without news for longest goes
    Banlist::Options banlist{};
    /// What health() must be for a failure to be the peer's; of about the last `health_window`
    /// calls.
    double health_min = 0.5;
    double health_window = 20;
  };
  static constexpr const char* kName = "behaviours";

  /// One score, for those who want to see it.
  struct Entry {
    std::string kind;
    Address peer;
    Score score;
    TimePoint created_at{};
    TimePoint updated_at{};
  };

  Behaviours();
  explicit Behaviours(Options options);
  ~Behaviours() override;

  void declare_routes(Router& router) override;
  [[nodiscard]] Result<void> init() override;
  void deinit() override;

  /// Counts one conduct. Called by the node; by services of your own through Conducts.
  void note(const Conduct& conduct);
  /// Forgets old scores and bans who is too suspicious. Runs once per sync interval by itself. May
  /// block for a name look-up and the storage.
  void judge();

  [[nodiscard]] Banlist& banlist() { return *banlist_; }
  /// Whether any kind of conduct is held against `peer`, failed requests aside: those are mostly
  /// chance.
  [[nodiscard]] bool is_suspicious(const Address& peer) const;
  /// 0 for strangers.
  [[nodiscard]] double suspicion(std::string_view kind, const Address& peer) const;
  [[nodiscard]] std::vector<Entry> scores() const;
  /// The share of this node's calls that succeed lately, of those to peers that have answered
  /// before: others may never have been there.
  [[nodiscard]] double health() const { return health_; }

 private:
  using Key = std::pair<std::string, Address>;
  using Order = std::list<Entry>;  ///< the most recent news first

  void note_health(bool is_good);
  [[nodiscard]] std::vector<std::pair<Entry, const Behaviour*>> take_condemned();
  [[nodiscard]] Duration ban_delay(const Behaviour& behaviour) const;
  [[nodiscard]] Duration score_lifetime(const Behaviour& behaviour) const;

  const Options options_;
  std::unique_ptr<Banlist> banlist_;
  std::map<std::string, Behaviour*, std::less<>> watched_;  ///< filled by declare_routes
  std::atomic<double> health_{1};
  std::unique_ptr<Scheduler::Task> task_;

  mutable Mutex mutex_;
  Order scores_ SPREADABLE_GUARDED_BY(mutex_);
  std::map<Key, Order::iterator> index_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
