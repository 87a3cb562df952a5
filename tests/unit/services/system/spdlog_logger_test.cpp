#include "services/system/spdlog_logger.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/fake_logger.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A FakeLogger that a fan-out may own while the test keeps an eye on it.
class SharedLogger final : public Logger {
 public:
  explicit SharedLogger(FakeLogger& target) : target_(target) {}
  [[nodiscard]] bool is_enabled(LogLevel level) const override { return target_.is_enabled(level); }
  void write(LogLevel level, std::string_view message) override { target_.write(level, message); }

 private:
  FakeLogger& target_;
};

}  // namespace

TEST_CASE("logger: one line: control bytes are written out, other text stays") {
  struct Row {
    std::string message, line;
  };
  for (const Row& row : {
           Row{"plain text", "plain text"},
           Row{"größer – ≥", "größer – ≥"},
           Row{"a\nb\r\tc", "a\\nb\\r\\tc"},
           Row{"\x1b[31mred", "\\x1b[31mred"},
           Row{std::string("a\0b", 3), "a\\x00b"},
           Row{"\x7f", "\\x7f"},
           Row{"\xc2\x9b"
               "31m",
               "\\xc2\x9b"
               "31m"},                   // C1, which some terminals obey
           Row{"\xc2\xa9", "\xc2\xa9"},  // ©, the first code after them
           Row{"cut \xc2", "cut \xc2"},
           Row{"", ""},
       }) {
    INFO(row.line);
    CHECK(to_one_line(row.message) == row.line);
  }
}

TEST_CASE("logger: one line: a long message is cut just above the limit") {
  const std::string whole(SpdlogLogger::kMessageBytesMax, 'x');
  CHECK(to_one_line(whole) == whole);
  CHECK(to_one_line(whole + "yz") == whole + " … (2 bytes more)");
}

TEST_CASE("logger: file: records have date, level and message, and are there at once") {
  const TempDir dir;
  ManualClock clock;
  clock.set_wall(WallTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20} +
                          std::chrono::hours{12} + Millis{123}});
  const auto logger =
      SpdlogLogger::to_files(clock, {.folder = dir.path() / "logs", .level = LogLevel::debug});
  REQUIRE(logger);
  (*logger)->debug("one");
  (*logger)->info("two {} %v");
  (*logger)->warn("three\nfour");
  clock.advance(std::chrono::milliseconds{1500});
  (*logger)->error("five");
  CHECK(read(dir.path() / "logs" / "spreadable.log") ==
        "2026-11-20 12:00:00.123 debug one\n"
        "2026-11-20 12:00:00.123 info  two {} %v\n"
        "2026-11-20 12:00:00.123 warn  three\\nfour\n"
        "2026-11-20 12:00:01.623 error five\n");
}

TEST_CASE("logger: file: rotates while running and keeps no more than it may") {
  const TempDir dir;
  const ManualClock clock;
  const auto logger =
      SpdlogLogger::to_files(clock, {.folder = dir.path(), .files_max = 3, .file_bytes_max = 1000});
  REQUIRE(logger);
  for (int i = 0; i < 200; ++i) (*logger)->warn("record " + std::to_string(i));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path())) {
    ++files;
    CHECK(entry.file_size() <= 1000);
    CHECK(entry.file_size() > 0);
  }
  CHECK(files == 3);
  CHECK(read(dir.path() / "spreadable.log").ends_with("record 199\n"));
  CHECK(std::filesystem::exists(dir.path() / "spreadable.2.log"));
}

TEST_CASE("logger: file: a second start appends") {
  const TempDir dir;
  const ManualClock clock;
  for (const char* message : {"first", "second"}) {
    const auto logger = SpdlogLogger::to_files(clock, {.folder = dir.path()});
    REQUIRE(logger);
    (*logger)->warn(message);
  }
  const std::string text = read(dir.path() / "spreadable.log");
  CHECK(text.find("first\n") < text.find("second\n"));
}

TEST_CASE("logger: file: a folder that cannot be made is an error that names it") {
  const TempDir dir;
  const ManualClock clock;
  std::ofstream(dir.path() / "file") << "in the way";
  const auto folder = dir.path() / "file" / "logs";
  const auto logger = make_logger(clock, {.file = SpdlogLogger::File{.folder = folder}});
  REQUIRE_FALSE(logger);
  CHECK(logger.error().code == Errc::io);
  CHECK(logger.error().message.find(folder.string()) != std::string::npos);
}

TEST_CASE("logger: level: what is below it is dropped, off drops everything") {
  const TempDir dir;
  const ManualClock clock;
  struct Row {
    LogLevel level;
    std::size_t records;
  };
  for (const Row& row : {Row{LogLevel::debug, 4}, Row{LogLevel::info, 3}, Row{LogLevel::warn, 2},
                         Row{LogLevel::error, 1}, Row{LogLevel::off, 0}}) {
    INFO(to_string(row.level));
    const auto folder = dir.path() / to_string(row.level);
    const auto logger = SpdlogLogger::to_files(clock, {.folder = folder, .level = row.level});
    REQUIRE(logger);
    std::size_t enabled = 0;
    for (const LogLevel level :
         {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::off}) {
      if ((*logger)->is_enabled(level)) ++enabled;
      (*logger)->write(level, "x");
    }
    CHECK(enabled == row.records);
    const std::string text = read(folder / "spreadable.log");
    CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == row.records);
  }
}

TEST_CASE("logger: fan-out: its own level comes first, then that of each logger") {
  FakeLogger chatty(LogLevel::debug);
  FakeLogger quiet(LogLevel::error);
  std::vector<std::unique_ptr<Logger>> loggers;
  loggers.push_back(std::make_unique<SharedLogger>(chatty));
  loggers.push_back(std::make_unique<SharedLogger>(quiet));
  LoggerFanOut both(LogLevel::info, std::move(loggers));
  both.debug("one");
  both.info("two");
  both.error("three");
  both.write(LogLevel::off, "four");
  CHECK(chatty.records() ==
        std::vector<FakeLogger::Record>{{LogLevel::info, "two"}, {LogLevel::error, "three"}});
  CHECK(quiet.records() == std::vector<FakeLogger::Record>{{LogLevel::error, "three"}});
  CHECK_FALSE(both.is_enabled(LogLevel::debug));
  CHECK(both.is_enabled(LogLevel::info));
}

TEST_CASE("logger: factory: off opens no file, and no target means no record") {
  const TempDir dir;
  const ManualClock clock;
  const auto silent = make_logger(
      clock, {.level = LogLevel::off, .file = SpdlogLogger::File{.folder = dir.path() / "logs"}});
  REQUIRE(silent);
  CHECK_FALSE((*silent)->is_enabled(LogLevel::error));
  CHECK_FALSE(std::filesystem::exists(dir.path() / "logs"));
  const auto none = make_logger(clock, {.console = std::nullopt});
  REQUIRE(none);
  CHECK_FALSE((*none)->is_enabled(LogLevel::error));
}

TEST_CASE("logger: factory: the file keeps warnings, the console does not matter to it") {
  const TempDir dir;
  const ManualClock clock;
  const auto logger = make_logger(
      clock, {.console = std::nullopt, .file = SpdlogLogger::File{.folder = dir.path()}});
  REQUIRE(logger);
  (*logger)->info("not kept");
  (*logger)->warn("kept");
  CHECK(read(dir.path() / "spreadable.log") == "2026-01-01 00:00:00.000 warn  kept\n");
}

}  // namespace spreadable
