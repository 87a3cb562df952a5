#include "extensions/documents/detail/store_files.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "core/assert.h"
#include "extensions/documents/detail/schema_sql.h"
#include "services/storage/sqlite/file.h"

namespace spreadable::documents {
namespace {

using sqlite::Connection;
using Durability = Connection::Durability;

/// The log is copied to the file after so many pages: seldom enough that commits are not held up
/// much, often enough that readers find things in it quickly.
constexpr int kLogPagesMax = 4'000;
constexpr int kMemoryCacheKib = 256;

Result<void> tune(Connection& connection, std::uint64_t cache_bytes, bool is_reader) {
  const MutexLock lock(connection.mutex);
  return connection.execute(
      fmt::format(
          "PRAGMA cache_size = -{}; PRAGMA wal_autocheckpoint = {}; PRAGMA query_only = {};",
          cache_bytes >> 10, kLogPagesMax, is_reader ? "ON" : "OFF")
          .c_str());
}

bool is_small(const std::filesystem::path& file, std::uint64_t bytes_max) {
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(file, failure);
  return failure || bytes <= bytes_max;
}

std::filesystem::path memory_name(const void* disk) {
  return fmt::format("file:/spreadable-{}?vfs=memdb", disk);
}

}  // namespace

MemoryDisk::MemoryDisk() : anchor_(std::make_unique<Anchor>()) {
  anchor_->name = memory_name(this);
  auto connection = Connection::open(anchor_->name, Durability::normal);
  SPREADABLE_ASSERT(connection);  // only missing when memory has run out
  anchor_->connection = std::move(*connection);
}

MemoryDisk::~MemoryDisk() = default;

namespace detail {

Result<std::unique_ptr<StoreFiles>> StoreFiles::open(const std::filesystem::path& file,
                                                     const DocumentStore::Options& options) {
  auto connection = sqlite::open_file({.file = file,
                                       .format = kStoreFormat,
                                       .durability = Durability::full,
                                       .checks_pages = is_small(file, options.checked_bytes_max)});
  if (!connection) return connection.error();
  const std::uint64_t cache_bytes = options.cache_bytes / (options.readers + 1);
  if (auto tuned = tune(**connection, cache_bytes, /*is_reader=*/false); !tuned) {
    return tuned.error();
  }
  std::vector<std::unique_ptr<Session>> readers;
  for (std::size_t i = 0; i < options.readers; ++i) {
    auto reader = Connection::open(file, Durability::normal);
    if (!reader) return reader.error();
    if (auto tuned = tune(**reader, cache_bytes, /*is_reader=*/true); !tuned) return tuned.error();
    readers.push_back(std::make_unique<Session>(std::move(*reader)));
  }
  return std::unique_ptr<StoreFiles>(
      new StoreFiles(std::make_unique<Session>(std::move(*connection)),
                     std::make_unique<SessionPool>(std::move(readers))));
}

Result<std::unique_ptr<StoreFiles>> StoreFiles::open(const MemoryDisk& disk) {
  auto connection = Connection::open(disk.anchor_->name, Durability::normal);
  if (!connection) return connection.error();
  {
    Connection& opened = **connection;
    const MutexLock lock(opened.mutex);
    if (auto made = sqlite::bring_up_to_date(opened, kStoreFormat); !made) return made.error();
  }
  if (auto tuned = tune(**connection, kMemoryCacheKib << 10, /*is_reader=*/false); !tuned) {
    return tuned.error();
  }
  return std::unique_ptr<StoreFiles>(
      new StoreFiles(std::make_unique<Session>(std::move(*connection)), nullptr));
}

namespace {

std::vector<std::unique_ptr<Session>> just(std::unique_ptr<Session> session) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(std::move(session));
  return sessions;
}

}  // namespace

StoreFiles::StoreFiles(std::unique_ptr<Session> writing, std::unique_ptr<SessionPool> readers)
    : writing_(just(std::move(writing))), readers_(std::move(readers)) {}

}  // namespace detail
}  // namespace spreadable::documents
