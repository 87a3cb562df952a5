#include "tests/support/database_files.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <utility>

namespace spreadable {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  REQUIRE(file.flush());
}

void execute(const std::filesystem::path& file, const char* sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

std::string Damager::damaged(std::string content, std::size_t reach) {
  const std::size_t place = random(reach);
  const auto byte = static_cast<char>(random(256));
  switch (random(6)) {
    case 0:
      content.resize(place);
      break;
    case 1:
      content[place] = static_cast<char>(content[place] ^ (1 << random(8)));
      break;
    case 2:
      content[place] = byte;
      break;
    case 3:
      content.replace(place, 64, 64, byte);
      break;
    case 4:
      content.replace(place, 512, 512, byte);
      break;
    default:
      content.replace(place / 4096 * 4096, 4096, 4096, '\0');
  }
  return content;
}

std::string Damager::damaged(std::string content) {
  const std::size_t size = content.size();
  return damaged(std::move(content), size);
}

std::size_t Damager::random(std::size_t bound) {
  state_ = state_ * 1'664'525 + 1'013'904'223;  // the generator of Numerical Recipes
  return static_cast<std::size_t>((static_cast<std::uint64_t>(state_) * bound) >> 32);
}

}  // namespace spreadable
