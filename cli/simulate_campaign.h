// cli/simulate_campaign.h: one scenario with many seeds, several at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "core/mutex.h"
#include "core/result.h"
#include "services/simulation/scenario.h"

namespace spreadable::cli {

/// Seeds from one to another, both included.
struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  [[nodiscard]] std::uint64_t count() const { return last - first + 1; }
};

/// Plays a scenario with one seed after the other on a few threads; a run has one thread, and runs
/// share nothing. Figures come in the order of the seeds, whichever is ready first.
class Campaign {
 public:
  struct Options {
    ScenarioOptions scenario{};  ///< its seed is not used
    Seeds seeds{};
    std::size_t jobs = 1;         ///< runs at a time
    bool checks_digests = false;  ///< each seed is played twice and must go the same way
  };
  using Report = std::function<void(const ScenarioFigures&)>;
  /// How much of all is done, 0 to 1.
  using Progress = std::function<void(double)>;

  explicit Campaign(Options options);

  /// Blocks until all seeds are played or one is refused. Both functions are called on this thread.
  [[nodiscard]] Result<void> play(const Report& report, const Progress& progress);

 private:
  using Outcome = Result<ScenarioFigures>;

  void work(std::size_t job);
  [[nodiscard]] Outcome play_seed(std::uint64_t seed, std::size_t job);
  [[nodiscard]] double done() const SPREADABLE_REQUIRES(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  std::uint64_t next_ SPREADABLE_GUARDED_BY(mutex_);  ///< the first that nobody has begun
  bool is_over_ SPREADABLE_GUARDED_BY(mutex_) = false;
  std::uint64_t played_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  std::map<std::size_t, double> shares_ SPREADABLE_GUARDED_BY(mutex_);  ///< by job, of its run
  std::map<std::uint64_t, Outcome> ready_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable::cli
