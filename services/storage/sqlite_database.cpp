#include "services/storage/sqlite_database.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

#include "services/storage/detail/sqlite_cache_store.h"
#include "services/storage/detail/sqlite_stores.h"
#include "services/storage/folder.h"
#include "services/storage/sqlite/connection.h"
#include "services/storage/sqlite/file.h"

namespace spreadable {
namespace {

/// Each step makes the next format out of the one before, the first out of an empty file.
constexpr std::array<const char*, 2> kSteps{R"sql(
  CREATE TABLE data (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE peers (
    position INTEGER PRIMARY KEY,
    address BLOB NOT NULL,
    is_master INTEGER NOT NULL,
    is_slave INTEGER NOT NULL,
    is_backlink INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  );
  CREATE TABLE cache (
    type BLOB NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_use INTEGER NOT NULL,
    PRIMARY KEY (type, key)
  ) WITHOUT ROWID;
  CREATE INDEX cache_by_use ON cache (type, last_use);
)sql",
                                            R"sql(
  CREATE TABLE bans (
    address BLOB PRIMARY KEY,
    ip BLOB NOT NULL,
    banned_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    reason BLOB NOT NULL
  ) WITHOUT ROWID;
)sql"};

/// "SPR", of a node's state.
constexpr sqlite::Format kFormat{.application_id = 0x53'50'52'00, .steps = kSteps};

}  // namespace

/// Destroyed from the last to the first: stores before the connections they use.
struct detail::SqliteParts {
  std::unique_ptr<sqlite::Connection> durable;
  std::unique_ptr<sqlite::Connection> relaxed;
  std::unique_ptr<SqliteDataStore> data;
  std::unique_ptr<SqlitePeerStore> peers;
  std::unique_ptr<SqliteBanStore> bans;
  std::unique_ptr<SqliteCacheStore> cache;
};

namespace {

using detail::SqliteParts;
using Durability = sqlite::Connection::Durability;

/// Puts what was made into its place.
template <class Part>
Result<void> put(Result<std::unique_ptr<Part>> part, std::unique_ptr<Part>& place) {
  if (!part) return part.error();
  place = std::move(*part);
  return {};
}

Result<void> open_parts(const std::filesystem::path& file, SqliteParts& parts) {
  Result<void> opened = put(sqlite::open_file({file, kFormat}), parts.durable);
  if (opened) opened = put(sqlite::Connection::open(file, Durability::normal), parts.relaxed);
  if (opened) opened = put(detail::SqliteDataStore::make(*parts.durable), parts.data);
  if (opened) opened = put(detail::SqlitePeerStore::make(*parts.durable), parts.peers);
  if (opened) opened = put(detail::SqliteBanStore::make(*parts.durable), parts.bans);
  if (opened) opened = put(detail::SqliteCacheStore::make(*parts.relaxed), parts.cache);
  return opened;
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::filesystem::path& folder,
                                                             Logger& logger) {
  const auto made = make_private_folder(folder);
  if (!made) return made.error();
  const std::filesystem::path file = folder / kFileName;
  auto parts = std::make_unique<SqliteParts>();
  Result<void> opened = open_parts(file, *parts);
  if (!opened && opened.error().code == Errc::damaged) {
    parts = std::make_unique<SqliteParts>();  // closes the damaged file
    const auto aside = sqlite::set_aside(file, kDamagedFilesMax);
    if (!aside) return aside.error();
    logger.error(
        fmt::format("storage file \"{}\" is damaged ({}); it is kept as \"{}\", and the node "
                    "begins with an empty one",
                    file.string(), opened.error().message, aside->string()));
    opened = open_parts(file, *parts);
  }
  if (!opened) return opened.error();
  return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(std::move(parts)));
}

SqliteDatabase::SqliteDatabase(std::unique_ptr<SqliteParts> parts) : parts_(std::move(parts)) {}

SqliteDatabase::~SqliteDatabase() = default;

DataStore& SqliteDatabase::data() {
  return *parts_->data;
}

PeerStore& SqliteDatabase::peers() {
  return *parts_->peers;
}

BanStore& SqliteDatabase::bans() {
  return *parts_->bans;
}

CacheStore& SqliteDatabase::cache() {
  return *parts_->cache;
}

}  // namespace spreadable
