// services/system/spdlog_logger.h: loggers that write to the console and to rotating files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/logger.h"
#include "core/result.h"

namespace spdlog {
class logger;
}

namespace spreadable {

/// A message with its control bytes written as `\n`, `\t` or `\x1b`, so that foreign text can
/// neither forge a record nor steer a terminal. Longer ones are cut at
/// SpdlogLogger::kMessageBytesMax.
[[nodiscard]] std::string to_one_line(std::string_view message);

/// Writes records of a level and above, one line each: `2026-11-20 12:00:00.123 info  message`, in
/// UTC, flushed at once. A record that cannot be written (disk full) is reported on standard error,
/// at most once a second, and dropped. Thread-safe.
class SpdlogLogger final : public Logger {
 public:
  static constexpr std::size_t kMessageBytesMax = 8192;  ///< a stack trace fits, a flood does not

  struct File {
    std::filesystem::path folder;     ///< made when missing
    LogLevel level = LogLevel::warn;  ///< what is worth keeping over a restart
    std::size_t files_max = 5;        ///< `spreadable.log`, `spreadable.1.log`, …; at least 1
    std::size_t file_bytes_max = 10 << 20;  ///< a fuller file is renamed and a new one begun
  };

  /// On standard error, in colour when that is a terminal.
  [[nodiscard]] static std::unique_ptr<SpdlogLogger> to_console(const Clock& clock, LogLevel level);
  /// Errc::io naming the folder when nothing can be written there.
  [[nodiscard]] static Result<std::unique_ptr<SpdlogLogger>> to_files(const Clock& clock,
                                                                      const File& file);
  ~SpdlogLogger() override;

  [[nodiscard]] bool is_enabled(LogLevel level) const override;
  void write(LogLevel level, std::string_view message) override;

 private:
  SpdlogLogger(const Clock& clock, std::unique_ptr<spdlog::logger> logger, LogLevel level);

  const Clock& clock_;
  const std::unique_ptr<spdlog::logger> logger_;
  const LogLevel level_;
};

/// Hands each record of its own level and above to several loggers, each of which has its own level
/// too. With no logger it discards everything. Thread-safe.
class LoggerFanOut final : public Logger {
 public:
  LoggerFanOut(LogLevel level, std::vector<std::unique_ptr<Logger>> loggers)
      : level_(level), loggers_(std::move(loggers)) {}

  [[nodiscard]] bool is_enabled(LogLevel level) const override;
  void write(LogLevel level, std::string_view message) override;

 private:
  const LogLevel level_;
  const std::vector<std::unique_ptr<Logger>> loggers_;
};

/// What a node logs and where. Defaults: protocol section 11.
struct LoggerOptions {
  LogLevel level = LogLevel::debug;  ///< in front of both; LogLevel::off silences all
  std::optional<LogLevel> console = LogLevel::info;  ///< none: nothing on the console
  std::optional<SpdlogLogger::File> file;            ///< none: no files
};

/// The logger that `options` describe. Errc::io as for to_files. `clock` must outlive the logger.
[[nodiscard]] Result<std::unique_ptr<Logger>> make_logger(const Clock& clock,
                                                          const LoggerOptions& options);

}  // namespace spreadable
