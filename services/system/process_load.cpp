#include "services/system/process_load.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace spreadable {
namespace {

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double memory_share() {
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  struct sysinfo machine {};
  if (::sysinfo(&machine) != 0 || machine.totalram == 0) return 0;
  const double total = static_cast<double>(machine.totalram) * machine.mem_unit;
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / total;
}

}  // namespace

ProcessLoad::ProcessLoad(const Clock& clock)
    : clock_(clock), measured_at_(clock.now()), processor_seconds_(processor_seconds()) {}

double ProcessLoad::availability() {
  const MutexLock lock(mutex_);
  const TimePoint now = clock_.now();
  const std::chrono::duration<double> span = now - measured_at_;
  if (span >= std::chrono::seconds{1}) {
    const double seconds = processor_seconds();
    const double cores = std::max(1U, std::thread::hardware_concurrency());
    processor_share_ = (seconds - processor_seconds_) / span.count() / cores;
    processor_seconds_ = seconds;
    measured_at_ = now;
  }
  const double free_processor = 1 - std::clamp(processor_share_, 0.0, 1.0);
  const double free_memory = 1 - std::clamp(memory_share(), 0.0, 1.0);
  return (free_processor + free_memory) / 2;
}

}  // namespace spreadable
