// core/detail/option_registry.h: the one table of options, to which kinds of nodes add theirs.
#pragma once

#include <list>
#include <vector>

#include "core/detail/option_rows.h"
#include "core/kind_options.h"

namespace spreadable::detail {

/// The options of all nodes, then those that kinds have declared. Declaring is not thread-safe, and
/// ends what rows() and infos() have given.
class OptionRegistry {
 public:
  /// The one of the process: what options there are depends on the program, not on a node.
  [[nodiscard]] static OptionRegistry& get();

  /// Source: declare_options.
  void declare(KindOption option);
  [[nodiscard]] const std::vector<OptionRow>& rows() const { return rows_; }
  /// OptionRow::info of all rows.
  [[nodiscard]] const std::vector<OptionInfo>& infos() const { return infos_; }

 private:
  OptionRegistry();
  void add(OptionRow row);

  std::vector<OptionRow> rows_;
  std::vector<OptionInfo> infos_;
  std::list<KindOption> declared_;  ///< rows point to them
};

/// The row of an option that a kind adds, which outlives it.
[[nodiscard]] OptionRow kind_row(const KindOption& option);

/// The rows of OptionRegistry::get().
[[nodiscard]] const std::vector<OptionRow>& option_rows();

}  // namespace spreadable::detail
