// core/detail/option_rows.h: the one table from which options are read, checked and listed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"

namespace spreadable::detail {

/// One option: how it is called and how it gets from JSON into NodeOptions and back.
struct OptionRow {
  /// Why a value was refused: what would have been accepted. Nothing when it was accepted.
  using Refusal = std::optional<std::string>;

  OptionInfo info;
  /// Sets the option unless it refuses the value.
  std::function<Refusal(NodeOptions&, const Json&)> read;
  /// The option as read() takes it; null when it is not set.
  std::function<Json(const NodeOptions&)> write;
};

/// All rows: those of all nodes, then those that declare_options() has added.
[[nodiscard]] const std::vector<OptionRow>& option_rows();

}  // namespace spreadable::detail
