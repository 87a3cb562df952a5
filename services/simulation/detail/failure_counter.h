// services/simulation/detail/failure_counter.h: hears of tasks that fail. Private to
// services/simulation.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "core/logger.h"

namespace spreadable::detail {

/// Counts records of tasks that ended in an exception, and hands all records on. For one thread.
class FailureCounter final : public Logger {
 public:
  /// `next` may be null.
  explicit FailureCounter(std::shared_ptr<Logger> next) : next_(std::move(next)) {}

  [[nodiscard]] bool is_enabled(LogLevel level) const override {
    return level == LogLevel::error || (next_ && next_->is_enabled(level));
  }
  void write(LogLevel level, std::string_view message) override {
    const bool is_of_task = message.find(": task ") != std::string_view::npos;
    if (level == LogLevel::error && is_of_task) ++count_;
    if (next_ && next_->is_enabled(level)) next_->write(level, message);
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  const std::shared_ptr<Logger> next_;
  std::uint64_t count_ = 0;
};

}  // namespace spreadable::detail
