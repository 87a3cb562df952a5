// services/http/allowance.h: a limit that many share.
#pragma once

#include <atomic>
#include <cstddef>

#include "core/assert.h"

namespace spreadable {

/// Counts what is taken of something limited. Thread-safe; never blocks.
class Allowance {
 public:
  explicit Allowance(std::size_t max) : max_(max) {}

  /// Takes `count`, or nothing and returns false when less than that is left.
  [[nodiscard]] bool try_take(std::size_t count) {
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    do {
      if (count > max_ - taken) return false;
    } while (!taken_.compare_exchange_weak(taken, taken + count, std::memory_order_relaxed));
    return true;
  }
  void give_back(std::size_t count) {
    const std::size_t before = taken_.fetch_sub(count, std::memory_order_relaxed);
    SPREADABLE_ASSERT(before >= count);
  }
  [[nodiscard]] bool is_used_up() const { return taken() == max_; }
  [[nodiscard]] std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t max() const { return max_; }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> taken_{0};
};

}  // namespace spreadable
