// cli/documents_table.h: documents as people read them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/json.h"

namespace spreadable::cli {

/// Lines of a table with a column for each field, in order of first appearance, at most `width`
/// wide: what does not fit is cut. Requires: all are objects.
[[nodiscard]] std::vector<std::string> table_of(const std::vector<Json>& documents,
                                                std::size_t width);

}  // namespace spreadable::cli
