// extensions/documents/detail/reshape.h: tables whose collection has got other options.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"
#include "extensions/documents/detail/collection_table.h"

namespace spreadable::documents::detail {

/// What of the options the tables depend on, as text.
[[nodiscard]] std::string shape_of(const CollectionOptions& options);

/// Works out keys, primary keys, ranks, sizes and index entries of all documents anew, and counts
/// them. Documents without a valid key, and of those that share one all but the one with the
/// greatest revision, are deleted. In many commits: when it is cut off, the shape in the catalogue
/// is empty, and it begins again the next time. Gives the number of documents deleted. Requires: as
/// CollectionTable::attach, whose tables are there.
[[nodiscard]] Result<std::size_t> reshape(CollectionTable& table);

}  // namespace spreadable::documents::detail
