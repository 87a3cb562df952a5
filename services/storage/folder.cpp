#include "services/storage/folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace spreadable {

Error io_error(const char* doing, const std::filesystem::path& path, int reason) {
  return Error{Errc::io,
               fmt::format("cannot {} \"{}\": {}", doing, path.string(),
                           std::generic_category().message(reason)),
               {}};
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  // `a/b/` names no last component, which is what is made here.
  const std::filesystem::path leaf = folder.has_filename() ? folder : folder.parent_path();
  std::error_code failure;
  if (leaf.has_parent_path()) std::filesystem::create_directories(leaf.parent_path(), failure);
  if (failure) return io_error("make folder", leaf.parent_path(), failure.value());
  if (::mkdir(leaf.c_str(), S_IRWXU) == 0) return {};
  const int reason = errno;
  if (reason == EEXIST && std::filesystem::is_directory(leaf, failure)) return {};
  return io_error("make folder", folder, reason == EEXIST ? ENOTDIR : reason);
}

}  // namespace spreadable
