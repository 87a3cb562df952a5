// core/detail/option_rows.h: how the options of all nodes are read, checked and listed.
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

/// Sets the option of `row`. Errc::invalid_argument, naming it, for a value that it refuses.
[[nodiscard]] Result<void> read_row(const OptionRow& row, NodeOptions& options, const Json& value);

/// The rows of the options that all nodes have, in the order of the help text.
[[nodiscard]] std::vector<OptionRow> common_option_rows();

}  // namespace spreadable::detail
