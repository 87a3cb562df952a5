#include "cli/simulate_campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace spreadable::cli {
namespace {

/// Between two looks at what the threads have done.
constexpr std::chrono::milliseconds kPause{50};

}  // namespace

Campaign::Campaign(Options options) : options_(std::move(options)), next_(options_.seeds.first) {}

Result<void> Campaign::play(const Report& report, const Progress& progress) {
  std::vector<std::jthread> threads;
  const auto jobs = std::min<std::uint64_t>(options_.jobs, options_.seeds.count());
  for (std::size_t job = 0; job < jobs; ++job) {
    threads.emplace_back([this, job] { work(job); });
  }
  for (std::uint64_t reported = 0; reported < options_.seeds.count();) {
    std::optional<Outcome> outcome;
    double share = 0;
    {
      const MutexLock lock(mutex_);
      if (auto ready = ready_.extract(options_.seeds.first + reported)) {
        outcome = std::move(ready.mapped());
      }
      share = done();
      if (outcome && !*outcome) is_over_ = true;
    }
    if (outcome && !*outcome) return outcome->error();
    if (outcome) {
      ++reported;
      report(**outcome);
      continue;
    }
    progress(share);
    std::this_thread::sleep_for(kPause);
  }
  return {};
}

double Campaign::done() const {
  double sum = static_cast<double>(played_);
  for (const auto& [job, share] : shares_) sum += share;
  return std::min(1.0, sum / static_cast<double>(options_.seeds.count()));
}

void Campaign::work(std::size_t job) {
  while (true) {
    std::uint64_t seed = 0;
    {
      const MutexLock lock(mutex_);
      if (is_over_ || next_ > options_.seeds.last) return;
      seed = next_++;
    }
    Outcome outcome = play_seed(seed, job);
    const MutexLock lock(mutex_);
    ++played_;
    shares_.erase(job);
    ready_.emplace(seed, std::move(outcome));
  }
}

Campaign::Outcome Campaign::play_seed(std::uint64_t seed, std::size_t job) {
  ScenarioOptions options = options_.scenario;
  options.seed = seed;
  const double runs = options_.checks_digests ? 2 : 1;
  double before = 0;
  options.on_progress = [&](double share) {
    const MutexLock lock(mutex_);
    shares_[job] = (before + share) / runs;
  };
  Outcome outcome = run_scenario(options);
  if (!outcome || !options_.checks_digests) return outcome;
  before = 1;
  const Outcome again = run_scenario(options);
  if (again && again->digest != outcome->digest) {
    outcome->missed.push_back(fmt::format("played again, its digest is {:016x}", again->digest));
  }
  return outcome;
}

}  // namespace spreadable::cli
