// cli/help.h: help texts that fit a terminal.
#pragma once

#include <memory>

namespace CLI {
class FormatterBase;
}

namespace spreadable::cli {

/// Writes CLI11's help texts with descriptions folded to 80 columns.
[[nodiscard]] std::shared_ptr<CLI::FormatterBase> make_help_formatter();

}  // namespace spreadable::cli
