// cli/dev_view.h: how `spreadable dev` shows its network: a live table, lines of text, or JSON.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "cli/dev_network.h"
#include "cli/output.h"
#include "core/logger.h"
#include "core/mutex.h"

namespace spreadable::cli {

/// Keeps the latest records, for a screen on which a log has no place. Thread-safe.
class LatestRecords final : public Logger {
 public:
  static constexpr std::size_t kRecordsMax = 3;

  explicit LatestRecords(LogLevel level) : level_(level) {}
  [[nodiscard]] bool is_enabled(LogLevel level) const override {
    return level >= level_ && level != LogLevel::off;
  }
  void write(LogLevel level, std::string_view message) override;
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  const LogLevel level_;
  mutable Mutex mutex_;
  std::deque<std::string> lines_ SPREADABLE_GUARDED_BY(mutex_);
};

/// Shows a network again and again. For one thread.
class DevView {
 public:
  struct Title {
    std::string range;     ///< `localhost:4000 to 4008`
    std::string interval;  ///< `16s`
  };
  enum class Kind { table, text, json };

  virtual ~DevView() = default;
  /// All nodes have been started.
  virtual void begin(const DevSummary& summary) = 0;
  /// Shows what has changed, `elapsed` after the start. Called some ten times per second at most,
  /// whether anything has changed or not.
  virtual void show(const DevSummary& summary, Duration elapsed) = 0;
  /// All nodes have ended; the last call.
  virtual void end() = 0;

  /// `records` outlives the view.
  [[nodiscard]] static std::unique_ptr<DevView> make(Kind kind, Title title,
                                                     const LatestRecords& records);
};

}  // namespace spreadable::cli
