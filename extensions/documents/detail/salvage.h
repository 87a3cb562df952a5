// extensions/documents/detail/salvage.h: what a damaged file still holds.
#pragma once

#include <cstddef>
#include <filesystem>

#include "extensions/documents/detail/writer.h"

namespace spreadable::documents::detail {

/// Copies every document of the damaged `file` that can be read and has the right checksum, and all
/// tombstones that can be read, to the file of `writer`. Gives the number of documents. Collections
/// are brought in line when they are opened the next time. Pages that cannot be read are passed
/// over. Never fails: at worst nothing is copied.
std::size_t salvage(const std::filesystem::path& file, Writer& writer);

}  // namespace spreadable::documents::detail
