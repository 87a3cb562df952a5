#include "services/storage/storage_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "services/storage/folder.h"

namespace spreadable {
namespace {

/// The process that wrote `file`, as ` (process 123)`; nothing when it has not written yet.
std::string owner_of(int file) {
  std::array<char, 20> text{};
  const ssize_t length = ::pread(file, text.data(), text.size(), 0);
  const auto* const begin = text.data();
  const auto* const end = std::find_if_not(begin, begin + std::max<ssize_t>(length, 0),
                                           [](char c) { return c >= '0' && c <= '9'; });
  return begin == end ? std::string() : fmt::format(" (process {})", std::string(begin, end));
}

int lock_file(int file) {
  int result = 0;
  do {
    result = ::flock(file, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  return result;
}

/// For people and for owner_of(); the lock does not depend on it.
bool write_process_id(int file) {
  const std::string text = fmt::format("{}\n", ::getpid());
  return ::ftruncate(file, 0) == 0 &&
         ::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace

Result<StorageLock> StorageLock::acquire(const std::filesystem::path& folder) {
  const auto made = make_private_folder(folder);
  if (!made) return made.error();
  const std::filesystem::path path = folder / kFileName;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return io_error("open", path, errno);
  StorageLock lock(file);
  if (lock_file(file) != 0) {
    if (errno != EWOULDBLOCK) return io_error("lock", path, errno);
    return Error{Errc::io,
                 fmt::format("storage folder \"{}\" is in use by another node{}", folder.string(),
                             owner_of(file)),
                 {}};
  }
  if (!write_process_id(file)) return io_error("write", path, errno);
  return lock;
}

StorageLock::StorageLock(StorageLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

StorageLock& StorageLock::operator=(StorageLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

StorageLock::~StorageLock() {
  // Removing the file would let two others lock two files of the same name.
  if (file_ >= 0) ::close(file_);
}

}  // namespace spreadable
