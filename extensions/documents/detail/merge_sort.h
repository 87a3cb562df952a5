// extensions/documents/detail/merge_sort.h: sorting by an order that may contradict itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace spreadable::documents::detail {

/// Sorts `items` stably. `is_before` need not be a consistent order, as JavaScript's comparison of
/// mixed kinds is none ("10" < 9 < "9"…): the result is some order then, where std::stable_sort
/// promises nothing at all.
template <class T, class IsBefore>
void merge_sort(std::vector<T>& items, const IsBefore& is_before) {
  std::vector<T> merged;
  merged.reserve(items.size());
  for (std::size_t run = 1; run < items.size(); run *= 2) {
    merged.clear();
    for (std::size_t begin = 0; begin < items.size(); begin += 2 * run) {
      const std::size_t middle = std::min(begin + run, items.size());
      const std::size_t end = std::min(middle + run, items.size());
      std::size_t left = begin;
      std::size_t right = middle;
      while (left < middle || right < end) {
        const bool takes_right =
            left == middle || (right < end && is_before(items[right], items[left]));
        merged.push_back(std::move(items[takes_right ? right++ : left++]));
      }
    }
    std::swap(items, merged);
  }
}

}  // namespace spreadable::documents::detail
