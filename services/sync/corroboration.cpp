#include "services/sync/corroboration.h"

#include <algorithm>

namespace spreadable {
namespace {

/// Nodes in lists of masters that one side alone names.
struct Unnamed {
  std::size_t sum = 0;
  std::size_t largest = 0;

  void add(const MasterEntry& entry) {
    sum += entry.size;
    largest = std::max(largest, entry.size);
  }
  [[nodiscard]] bool is_too_much(std::size_t total) const {
    return static_cast<double>(sum - largest) >
           Corroboration::kUnnamedMax * static_cast<double>(total);
  }
};

/// What two lists say: of the masters that both name, and of the others.
struct Comparison {
  Unnamed only_one;
  Unnamed only_other;
  std::size_t common_one = 0;
  std::size_t common_other = 0;

  Comparison(const MasterList& one, const MasterList& other) {
    auto a = one.begin();
    auto b = other.begin();
    while (a != one.end() || b != other.end()) {
      if (b == other.end() || (a != one.end() && a->address < b->address)) {
        only_one.add(*a++);
      } else if (a == one.end() || b->address < a->address) {
        only_other.add(*b++);
      } else {
        common_one += a++->size;
        common_other += b++->size;
      }
    }
  }
};

}  // namespace

bool Corroboration::agree(std::size_t one, std::size_t other) {
  const auto [small, large] = std::minmax(one, other);
  return static_cast<double>(large) <= kTolerance * static_cast<double>(small);
}

bool Corroboration::agree(const MasterList& one, const MasterList& other) {
  if (one == other) return true;
  const Comparison lists(one, other);
  return agree(lists.common_one, lists.common_other) && !lists.only_one.is_too_much(one.total()) &&
         !lists.only_other.is_too_much(other.total());
}

bool Corroboration::agree_on_common(const MasterList& one, const MasterList& other) {
  const Comparison lists(one, other);
  return agree(lists.common_one, lists.common_other);
}

}  // namespace spreadable
