// Files of databases as tests find, change and spoil them. All require what they do to succeed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace spreadable {

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& content);

/// Runs statements of SQL on the database in `file`.
void execute(const std::filesystem::path& file, const char* sql);

/// Spoils copies of a file, the same way on each run.
class Damager {
 public:
  /// `content` cut off, with a bit or a byte changed, with 64 or 512 bytes overwritten, or with a
  /// page of 4 KiB full of zeros, at one of its first `reach` bytes.
  std::string damaged(std::string content, std::size_t reach);
  /// The same, anywhere.
  std::string damaged(std::string content);

 private:
  std::size_t random(std::size_t bound);

  std::uint32_t state_ = 7;
};

}  // namespace spreadable
