// tests/support/fake_logger.h: a logger that keeps its records for the test to look at.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/logger.h"
#include "core/mutex.h"

namespace spreadable {

/// Keeps every record of `level` and above. Thread-safe.
class FakeLogger final : public Logger {
 public:
  struct Record {
    LogLevel level = LogLevel::debug;
    std::string message;

    friend bool operator==(const Record&, const Record&) = default;
  };

  explicit FakeLogger(LogLevel level = LogLevel::debug) : level_(level) {}

  [[nodiscard]] bool is_enabled(LogLevel level) const override {
    return level >= level_ && level != LogLevel::off;
  }
  void write(LogLevel level, std::string_view message) override {
    if (!is_enabled(level)) return;
    const MutexLock lock(mutex_);
    records_.push_back({level, std::string(message)});
  }

  [[nodiscard]] std::vector<Record> records() const {
    const MutexLock lock(mutex_);
    return records_;
  }
  [[nodiscard]] std::size_t count(LogLevel level) const {
    const MutexLock lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        records_.begin(), records_.end(), [&](const Record& r) { return r.level == level; }));
  }
  /// Whether some record holds `text`.
  [[nodiscard]] bool contains(std::string_view text) const {
    const MutexLock lock(mutex_);
    return std::any_of(records_.begin(), records_.end(), [&](const Record& record) {
      return record.message.find(text) != std::string::npos;
    });
  }
  void clear() {
    const MutexLock lock(mutex_);
    records_.clear();
  }

 private:
  const LogLevel level_;
  mutable Mutex mutex_;
  std::vector<Record> records_ SPREADABLE_GUARDED_BY(mutex_);
};

}  // namespace spreadable
