#include "cli/simulate_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace spreadable::cli {
namespace {

constexpr std::size_t kWidth = 40;
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

ProgressBar::ProgressBar(std::string title)
    : title_(std::move(title)),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      begun_at_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::show(double share) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || now - drawn_at_ < kPause) return;
  drawn_at_ = now;
  is_drawn_ = true;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begun_at_).count();
  fmt::print(stderr, "\r{} [{}] {:3.0f} %, {} s ", title_, bar, 100 * share, seconds);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!is_drawn_) return;
  is_drawn_ = false;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

}  // namespace spreadable::cli
