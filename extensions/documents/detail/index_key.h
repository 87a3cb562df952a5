// extensions/documents/detail/index_key.h: values as an index orders them.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "extensions/documents/detail/javascript.h"

namespace spreadable::documents::detail {

/// Where an index puts a value: what JavaScript can read as a number at that number (5, "5",
/// " 5.0", [5], true, null), everything else behind all numbers as its text. So a filter's value
/// and all values that are loosely equal to it have one key; values that compare as numbers, or as
/// texts that are no numbers, compare as their keys do. Texts are cut, so that equal keys need not
/// mean equal values: what an index finds is always tried by the filter itself.
struct IndexKey {
  static constexpr std::size_t kTextBytesMax = 128;

  bool is_text = false;
  double number = 0;
  std::string text{};  ///< ordered by its bytes as JavaScript orders by units of UTF-16

  /// Requires: a value that is there.
  [[nodiscard]] static IndexKey of(const Value& value);
  [[nodiscard]] static IndexKey of_number(double number);
  [[nodiscard]] static IndexKey of_text(std::string_view text);

  friend std::partial_ordering operator<=>(const IndexKey&, const IndexKey&) = default;
};

/// Bytes that are ordered as keys are: for the order of eviction, which has several parts. A
/// missing value comes first.
void append_ordered(std::string& out, const Value& value);

}  // namespace spreadable::documents::detail
