// core/logger.h: where the parts of a node report. Implementations: services/logger.h.
#pragma once

#include <optional>
#include <string_view>

namespace spreadable {

enum class LogLevel { debug, info, warn, error, off };

/// The name of `level` as it stands in options and records: `debug`, `info`, `warn`, `error`,
/// `off`.
[[nodiscard]] std::string_view to_string(LogLevel level);
/// The level of that name, or nothing.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view name);

/// Takes levelled records. Thread-safe; never throws; does not block on the network.
/// Control bytes of foreign text are escaped by the implementation, so a record stays one line.
class Logger {
 public:
  virtual ~Logger() = default;

  /// Whether a record of `level` would be kept: ask before building a costly message.
  [[nodiscard]] virtual bool is_enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view message) = 0;

  void debug(std::string_view message) { write(LogLevel::debug, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void warn(std::string_view message) { write(LogLevel::warn, message); }
  void error(std::string_view message) { write(LogLevel::error, message); }
};

}  // namespace spreadable
