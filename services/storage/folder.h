// services/storage/folder.h: the folder in which a node keeps its state.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"

namespace spreadable {

/// Makes `folder` with all its parents unless it is there. A folder that this makes is open to its
/// owner alone; parents get the usual mode. Errc::io naming the folder and the reason.
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& folder);

/// What went wrong with `path`, by the value of errno: `cannot <doing> "<path>": <reason>`.
[[nodiscard]] Error io_error(const char* doing, const std::filesystem::path& path, int reason);

}  // namespace spreadable
