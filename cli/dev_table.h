// cli/dev_table.h: a network as a table that fits a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/dev_network.h"
#include "cli/output.h"

namespace spreadable::cli {

struct TableLine {
  enum class Style { plain, strong, faint } style = Style::plain;
  std::string text;
};

struct TableTexts {
  std::string title;
  std::string summary;
  std::string hint;                ///< the last line
  std::vector<std::string> notes;  ///< above it
};

/// `4 of 9 nodes agree on the size after 0.5 s, 3 masters, longest list 4`
[[nodiscard]] std::string dev_summary_text(const DevSummary& summary, Duration after);

/// The masters of `summary` with their slaves below `texts`, cut to `size`: what does not fit is
/// counted. Pure.
[[nodiscard]] std::vector<TableLine> dev_table(const DevSummary& summary, const TableTexts& texts,
                                               TerminalSize size);

}  // namespace spreadable::cli
