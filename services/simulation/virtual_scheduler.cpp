#include "services/simulation/virtual_scheduler.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace spreadable {
namespace {

constexpr Duration kDelayAfterFailure = std::chrono::seconds{1};

}  // namespace

class VirtualScheduler::Entry final : public Scheduler::Task {
 public:
  Entry(VirtualScheduler& scheduler, std::uint32_t place, std::string name,
        std::function<Duration()> run)
      : scheduler_(scheduler), place_(place), name_(std::move(name)), run_(std::move(run)) {
    scheduler_.places_[place_].entry = this;
  }

  ~Entry() override {
    if (is_running_) {
      VirtualTime::Waiter waiter(scheduler_.time_, scheduler_.machine_);
      waiting_ = &waiter;
      waiter.join();
    }
    Place& place = scheduler_.places_[place_];
    place.entry = nullptr;
    ++place.generation;
  }

  void wake(Duration within) override {
    if (is_running_) {
      woken_within_ = std::min(woken_within_, within);
      return;
    }
    const TimePoint earlier = scheduler_.clock_.now() + within;
    if (earlier < due_) set_due(earlier);
  }

  void set_due(TimePoint due) {
    due_ = due;
    const std::uint64_t generation = ++scheduler_.places_[place_].generation;
    scheduler_.time_.schedule(scheduler_.clock_.true_time_of(due), scheduler_.machine_, scheduler_,
                              generation << 32 | place_);
  }

  void begin() {
    is_running_ = true;
    woken_within_ = Duration::max();
    scheduler_.time_.spawn(scheduler_.machine_, [this] { run(); });
  }

 private:
  void run() {
    const Duration delay = std::max<Duration>(std::min(run_once(), woken_within_), kDelayMin);
    is_running_ = false;
    if (waiting_) {
      waiting_->notify();
    } else {
      set_due(scheduler_.clock_.now() + delay);
    }
  }

  [[nodiscard]] Duration run_once() {
    try {
      return run_();
    } catch (const std::exception& exception) {  // out of a user's task
      scheduler_.logger_.error("task " + name_ + " failed: " + exception.what());
    } catch (...) {
      scheduler_.logger_.error("task " + name_ + " failed with an unknown exception");
    }
    return kDelayAfterFailure;
  }

  VirtualScheduler& scheduler_;
  const std::uint32_t place_;
  const std::string name_;
  const std::function<Duration()> run_;
  TimePoint due_{};
  Duration woken_within_ = Duration::max();
  bool is_running_ = false;
  VirtualTime::Waiter* waiting_ = nullptr;  ///< whoever destroys this task meanwhile
};

std::unique_ptr<Scheduler::Task> VirtualScheduler::start(std::string name, Duration first_delay,
                                                         std::function<Duration()> run) {
  auto free = std::find_if(places_.begin(), places_.end(),
                           [](const Place& place) { return place.entry == nullptr; });
  if (free == places_.end()) free = places_.emplace(places_.end());
  const auto place = static_cast<std::uint32_t>(free - places_.begin());
  auto entry = std::make_unique<Entry>(*this, place, std::move(name), std::move(run));
  entry->set_due(clock_.now() + first_delay);
  return entry;
}

void VirtualScheduler::on_event(std::uint64_t argument) {
  const Place& place = places_[static_cast<std::uint32_t>(argument)];
  if (!place.entry || place.generation != argument >> 32) return;
  time_.note(std::uint64_t{machine_} << 8 | 1);
  place.entry->begin();
}

}  // namespace spreadable
