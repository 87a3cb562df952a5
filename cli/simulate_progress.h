// cli/simulate_progress.h: how far a long command has come.
#pragma once

#include <chrono>
#include <string>

namespace spreadable::cli {

/// A line on standard error that is drawn over itself; nothing when that is no terminal.
class ProgressBar {
 public:
  explicit ProgressBar(std::string title);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `share` is done, 0 to 1. Draws a few times a second at most.
  void show(double share);
  /// Takes the line away, so that other output can follow.
  void clear();

 private:
  const std::string title_;
  const bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point begun_at_;
  std::chrono::steady_clock::time_point drawn_at_{};
};

}  // namespace spreadable::cli
