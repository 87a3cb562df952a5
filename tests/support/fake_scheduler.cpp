#include "tests/support/fake_scheduler.h"

#include <algorithm>
#include <exception>

#include "core/assert.h"
#include "core/mutex.h"

namespace spreadable {

/// The handle itself holds the state, and takes itself off the scheduler's list at its end.
class FakeScheduler::Entry final : public Scheduler::Task {
 public:
  Entry(FakeScheduler& scheduler, std::string name, TimePoint due, std::function<Duration()> run)
      : scheduler_(scheduler), name_(std::move(name)), run_(std::move(run)), due_(due) {
    scheduler_.entries_.push_back(this);
  }
  ~Entry() override {
    {
      const MutexLock lock(mutex_);
      SPREADABLE_ASSERT(!is_running_);
    }
    std::erase(scheduler_.entries_, this);
  }

  void wake(Duration within) override {
    const MutexLock lock(mutex_);
    if (is_running_) {
      woken_within_ = std::min(woken_within_, within);
    } else {
      due_ = std::min(due_, scheduler_.clock_.now() + within);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] TimePoint due() const {
    const MutexLock lock(mutex_);
    return due_;
  }

  void run() {
    begin();
    Duration delay = kDelayMin;
    try {
      delay = std::max<Duration>(run_(), kDelayMin);
    } catch (const std::exception&) {
      delay = std::chrono::seconds{1};
    } catch (...) {
      end(delay);
      throw;
    }
    end(delay);
  }

 private:
  void begin() {
    const MutexLock lock(mutex_);
    SPREADABLE_ASSERT(!is_running_);
    is_running_ = true;
    woken_within_ = Duration::max();
  }
  void end(Duration delay) {
    const MutexLock lock(mutex_);
    is_running_ = false;
    due_ = scheduler_.clock_.now() + std::min(delay, woken_within_);
  }

  FakeScheduler& scheduler_;
  const std::string name_;
  const std::function<Duration()> run_;
  mutable Mutex mutex_;
  TimePoint due_ SPREADABLE_GUARDED_BY(mutex_);
  bool is_running_ SPREADABLE_GUARDED_BY(mutex_) = false;
  Duration woken_within_ SPREADABLE_GUARDED_BY(mutex_) = Duration::max();  ///< during this run
};

FakeScheduler::~FakeScheduler() {
  SPREADABLE_ASSERT(entries_.empty());
}

std::unique_ptr<Scheduler::Task> FakeScheduler::start(std::string name, Duration first_delay,
                                                      std::function<Duration()> run) {
  return std::make_unique<Entry>(*this, std::move(name), clock_.now() + first_delay,
                                 std::move(run));
}

std::size_t FakeScheduler::run_due() {
  std::size_t runs = 0;
  for (; Entry* entry = earliest(clock_.now()); ++runs) entry->run();
  return runs;
}

void FakeScheduler::run_for(Duration span) {
  const TimePoint end = clock_.now() + span;
  while (Entry* entry = earliest(end)) {
    if (entry->due() > clock_.now()) clock_.advance(entry->due() - clock_.now());
    entry->run();
  }
  if (end > clock_.now()) clock_.advance(end - clock_.now());
}

void FakeScheduler::run(std::string_view name) {
  find(name).run();
}

std::vector<std::string> FakeScheduler::task_names() const {
  std::vector<std::string> names;
  for (const Entry* entry : entries_) names.push_back(entry->name());
  return names;
}

Duration FakeScheduler::delay_of(std::string_view name) const {
  return find(name).due() - clock_.now();
}

FakeScheduler::Entry* FakeScheduler::earliest(TimePoint until) const {
  const auto first =
      std::min_element(entries_.begin(), entries_.end(),
                       [](const Entry* a, const Entry* b) { return a->due() < b->due(); });
  return first == entries_.end() || (*first)->due() > until ? nullptr : *first;
}

FakeScheduler::Entry& FakeScheduler::find(std::string_view name) const {
  Entry* found = nullptr;
  for (Entry* entry : entries_) {
    if (entry->name() != name) continue;
    SPREADABLE_ASSERT(found == nullptr);
    found = entry;
  }
  SPREADABLE_ASSERT(found != nullptr);
  return *found;
}

}  // namespace spreadable
