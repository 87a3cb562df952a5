#include "services/system/spdlog_logger.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include <algorithm>
#include <array>
#include <utility>

namespace spreadable {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

LogLevel from_spdlog(spdlog::level::level_enum level) {
  for (const LogLevel ours : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    if (to_spdlog(ours) == level) return ours;
  }
  return LogLevel::off;
}

/// The level as we spell it, padded so that messages stand below each other.
class LevelFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string name = fmt::format("{:<5}", to_string(from_spdlog(message.level)));
    out.append(name.data(), name.data() + name.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LevelFlag>();
  }
};

std::unique_ptr<spdlog::logger> make_spdlog(spdlog::sink_ptr sink, LogLevel level) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<LevelFlag>('*').set_pattern("%Y-%m-%d %H:%M:%S.%e %^%*%$ %v");
  auto logger = std::make_unique<spdlog::logger>("spreadable", std::move(sink));
  logger->set_formatter(std::move(formatter));
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::trace);
  return logger;
}

/// Appends `byte` in a form that is harmless in a line of text.
void append_escaped(std::string& line, unsigned char byte) {
  switch (byte) {
    case '\n':
      line += "\\n";
      break;
    case '\r':
      line += "\\r";
      break;
    case '\t':
      line += "\\t";
      break;
    default:
      line += fmt::format("\\x{:02x}", byte);
  }
}

/// Whether a terminal could take the byte at `i` as a command: C0, DEL, or C1 as UTF-8 spells it.
bool is_control(std::string_view text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x20 || byte == 0x7f) return true;
  if (byte != 0xc2 || i + 1 == text.size()) return false;
  const auto following = static_cast<unsigned char>(text[i + 1]);
  return following >= 0x80 && following < 0xa0;
}

}  // namespace

std::string to_one_line(std::string_view message) {
  const std::string_view kept = message.substr(0, SpdlogLogger::kMessageBytesMax);
  std::string line;
  line.reserve(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (is_control(kept, i)) {
      append_escaped(line, static_cast<unsigned char>(kept[i]));
    } else {
      line += kept[i];
    }
  }
  if (kept.size() < message.size()) {
    line += fmt::format(" … ({} bytes more)", message.size() - kept.size());
  }
  return line;
}

SpdlogLogger::SpdlogLogger(const Clock& clock, std::unique_ptr<spdlog::logger> logger,
                           LogLevel level)
    : clock_(clock), logger_(std::move(logger)), level_(level) {}

SpdlogLogger::~SpdlogLogger() = default;

std::unique_ptr<SpdlogLogger> SpdlogLogger::to_console(const Clock& clock, LogLevel level) {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>();
  return std::unique_ptr<SpdlogLogger>(
      new SpdlogLogger(clock, make_spdlog(std::move(sink), level), level));
}

Result<std::unique_ptr<SpdlogLogger>> SpdlogLogger::to_files(const Clock& clock, const File& file) {
  try {
    // spdlog counts the renamed files only, not the one being written.
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
        (file.folder / "spreadable.log").string(), file.file_bytes_max,
        std::max<std::size_t>(file.files_max, 1) - 1);
    return std::unique_ptr<SpdlogLogger>(
        new SpdlogLogger(clock, make_spdlog(std::move(sink), file.level), file.level));
  } catch (const spdlog::spdlog_ex& exception) {
    return Error{.code = Errc::io,
                 .message = fmt::format("cannot write logs to {}: {}", file.folder.string(),
                                        exception.what())};
  }
}

bool SpdlogLogger::is_enabled(LogLevel level) const {
  return level >= level_ && level != LogLevel::off;
}

void SpdlogLogger::write(LogLevel level, std::string_view message) {
  if (!is_enabled(level)) return;
  logger_->log(clock_.wall_now(), spdlog::source_loc{}, to_spdlog(level), to_one_line(message));
}

bool LoggerFanOut::is_enabled(LogLevel level) const {
  return level >= level_ && level != LogLevel::off &&
         std::any_of(loggers_.begin(), loggers_.end(),
                     [&](const auto& logger) { return logger->is_enabled(level); });
}

void LoggerFanOut::write(LogLevel level, std::string_view message) {
  if (level < level_ || level == LogLevel::off) return;
  for (const auto& logger : loggers_) logger->write(level, message);
}

Result<std::unique_ptr<Logger>> make_logger(const Clock& clock, const LoggerOptions& options) {
  std::vector<std::unique_ptr<Logger>> loggers;
  const bool is_silent = options.level == LogLevel::off;
  if (options.console && !is_silent) {
    loggers.push_back(SpdlogLogger::to_console(clock, *options.console));
  }
  if (options.file && !is_silent) {
    auto file = SpdlogLogger::to_files(clock, *options.file);
    if (!file) return file.error();
    loggers.push_back(std::move(*file));
  }
  return std::unique_ptr<Logger>(std::make_unique<LoggerFanOut>(options.level, std::move(loggers)));
}

}  // namespace spreadable
