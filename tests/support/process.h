// tests/support/process.h: a program that a test starts, talks to and ends.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"

namespace spreadable {

/// In characters.
struct TerminalShape {
  unsigned short rows = 24;
  unsigned short columns = 80;
};

/// A child process. Its standard output comes line by line; its standard error goes to memory, so
/// that nobody has to read it. Killed at the end of the scope unless it has ended by itself, and by
/// the kernel when the thread that made it ends, so that a test that crashes leaves nothing behind.
/// For one thread.
class Process {
 public:
  static constexpr Millis kPatience{20'000};  ///< ample: a loaded machine must not fail a test

  struct Options {
    std::string program;  ///< a path
    std::vector<std::string> arguments{};
    /// Beside this process's own environment, less its SPREADABLE_* variables.
    std::vector<std::pair<std::string, std::string>> environment{};
    std::filesystem::path folder{};  ///< to work in; empty: this process's own
    std::string input{};             ///< what it reads before its input ends; at most 64 KiB
    std::optional<TerminalShape> terminal{};  ///< its standard output is one of this shape
  };

  /// Ends the test program when no process can be made. A program that cannot be run exits with
  /// 127.
  explicit Process(Options options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  [[nodiscard]] pid_t id() const { return id_; }

  /// The next line of its output without the line end; nothing when its output ends or patience
  /// does.
  [[nodiscard]] std::optional<std::string> read_line(Millis patience = kPatience);
  /// Reads lines until one contains `text`, and gives that one.
  [[nodiscard]] std::optional<std::string> read_until(std::string_view text,
                                                      Millis patience = kPatience);
  /// The rest of its output, up to its end.
  [[nodiscard]] std::string read_all(Millis patience = kPatience);

  /// Does nothing once it has been waited for.
  void signal(int number) const;
  /// Stops it as SIGSTOP does, and returns once none of its threads runs. SIGCONT lets it go on.
  void freeze() const;
  /// Its exit code, or 128 and the number of the signal that killed it; nothing when it runs on.
  [[nodiscard]] std::optional<int> wait(Millis patience = kPatience);
  [[nodiscard]] bool is_running() { return !wait(Millis{0}).has_value(); }

  /// All that it has written to its standard error.
  [[nodiscard]] std::string errors() const;

 private:
  /// Adds what has come to `pending_`; false when nothing comes before `until`.
  bool read_more(std::chrono::steady_clock::time_point until);

  pid_t id_ = -1;
  int process_ = -1;  ///< refers to the process itself, whatever becomes of its number
  int output_ = -1;
  int errors_ = -1;
  std::string pending_;
  std::optional<int> exit_code_;
};

/// What a program that ran to its end leaves.
struct Finished {
  int exit_code = -1;  ///< -1: it did not end, and was killed
  std::string output;
  std::string errors;
};

/// Runs a program to its end.
[[nodiscard]] Finished run_process(Process::Options options, Millis patience = Process::kPatience);

}  // namespace spreadable
