// extensions/documents/detail/index_plan.h: which part of a filter an index can answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "extensions/documents/collection_options.h"
#include "extensions/documents/detail/filter_node.h"
#include "extensions/documents/detail/index_key.h"

namespace spreadable::documents::detail {

/// A stretch of an index, both ends included.
struct IndexRange {
  std::size_t field = 0;  ///< of CollectionOptions::indices
  IndexKey low;
  IndexKey high;
};

/// A primary key that a value may be.
struct PkPoint {
  std::optional<std::string> text{};  ///< as the column `pk` has it
  std::optional<double> number{};     ///< as the column `odd_pk` has it
};

/// Where all documents that match a filter are, and others too: the documents of all these
/// together.
struct IndexPlan {
  static constexpr std::size_t kPlacesMax = 1'000;

  std::vector<IndexRange> ranges{};
  std::vector<PkPoint> pks{};

  /// How many documents it is likely to name, in no unit: points are fewer than ranges.
  [[nodiscard]] double cost() const;
};

/// The plan of a filter; nothing when only looking at all documents will do. Of the conditions that
/// all have to hold, the one with the least cost is taken.
[[nodiscard]] std::optional<IndexPlan> plan_of(const FilterNode& filter,
                                               const CollectionOptions& options);

}  // namespace spreadable::documents::detail
