#include "services/storage/sqlite_database.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "services/storage/detail/connection.h"
#include "services/storage/detail/folder.h"
#include "services/storage/detail/sqlite_cache_store.h"
#include "services/storage/detail/sqlite_stores.h"
#include "services/storage/detail/statement.h"

namespace spreadable {
namespace {

using detail::SqliteConnection;

/// `application_id` is this plus the format ("SPR" and a byte): when the two disagree, the header
/// is damaged, whereas a greater format alone belongs to a newer program.
constexpr std::int64_t kApplicationId = 0x53'50'52'00;

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
  PRAGMA user_version = 1;
  PRAGMA application_id = 0x53505201;
)sql",
                                            R"sql(
  CREATE TABLE bans (
    address BLOB PRIMARY KEY,
    ip BLOB NOT NULL,
    banned_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    reason BLOB NOT NULL
  ) WITHOUT ROWID;
  PRAGMA user_version = 2;
  PRAGMA application_id = 0x53505202;
)sql"};
/// The format that this program writes, in SQLite's `user_version`.
constexpr std::int64_t kFormat = kSteps.size();

/// Why a file cannot be used, and whether that is because it is damaged.
struct Refusal {
  Error error;
  bool is_damaged = false;
};

using Verdict = std::optional<Refusal>;

/// The single value that `sql` gives, as text.
Result<std::string> ask(SqliteConnection& connection, const char* sql)
    SPREADABLE_REQUIRES(connection.mutex) {
  auto statement = detail::Statement::prepare(connection.handle(), sql);
  if (!statement) return statement.error();
  detail::Query query(*statement);
  const auto row = query.step();
  if (!row) return row.error();
  return query.text(0);
}

Refusal damaged(std::string reason) {
  return {Error{Errc::io, std::move(reason), {}}, /*is_damaged=*/true};
}

/// `error` of the last call on `connection`.
Refusal refusal_of(SqliteConnection& connection, Error error)
    SPREADABLE_REQUIRES(connection.mutex) {
  return {std::move(error), detail::is_damage(sqlite3_extended_errcode(connection.handle()))};
}

/// Runs the steps that `format` lacks, all or none.
Verdict run_steps(SqliteConnection& connection, std::int64_t format)
    SPREADABLE_REQUIRES(connection.mutex) {
  const auto begun = connection.begin();
  if (!begun) return refusal_of(connection, begun.error());
  Result<void> made;
  for (auto step = static_cast<std::size_t>(format); step < kSteps.size() && made; ++step) {
    made = connection.execute(kSteps[step]);
  }
  Verdict refusal;
  if (!made) refusal = refusal_of(connection, made.error());
  const auto ended = connection.end(made);
  if (!ended && !refusal) refusal = refusal_of(connection, ended.error());
  return refusal;
}

/// Makes the tables of an empty or older file; leaves alone what a newer program has written.
Verdict bring_up_to_date(SqliteConnection& connection) SPREADABLE_REQUIRES(connection.mutex) {
  const auto format_text = ask(connection, "PRAGMA user_version");
  if (!format_text) return refusal_of(connection, format_text.error());
  const auto id_text = ask(connection, "PRAGMA application_id");
  if (!id_text) return refusal_of(connection, id_text.error());
  const std::int64_t format = std::stoll(*format_text);
  const std::int64_t id = std::stoll(*id_text);
  const bool is_empty = format == 0 && id == 0;
  if (!is_empty && id != kApplicationId + format) return damaged("the file header is not ours");
  if (format > kFormat) {
    const char* const file = sqlite3_db_filename(connection.handle(), "main");
    return Refusal{
        Error{Errc::io,
              fmt::format("storage file \"{}\" has format {}, made by a newer version of "
                          "this program",
                          file, format),
              {}}};
  }
  if (format < 0) return damaged("the file header is not ours");
  return format == kFormat ? Verdict{} : run_steps(connection, format);
}

/// Whether all pages can be read and hang together.
Verdict check_pages(SqliteConnection& connection) SPREADABLE_REQUIRES(connection.mutex) {
  const auto finding = ask(connection, "PRAGMA quick_check(1)");
  if (!finding) return refusal_of(connection, finding.error());
  if (*finding != "ok") return damaged(*finding);
  return {};
}

/// Whether `file` ends where its header says. SQLite itself takes what is missing of a last page
/// for zeros. The log, which may hold that page, is copied to the file first; when that is
/// impossible, as on a full disk, the file cannot be judged.
Verdict check_length(SqliteConnection& connection, const std::filesystem::path& file)
    SPREADABLE_REQUIRES(connection.mutex) {
  const auto is_busy = ask(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
  if (!is_busy || *is_busy != "0") return {};
  const auto wanted = ask(connection,
                          "SELECT page_count * page_size FROM pragma_page_count, "
                          "pragma_page_size");
  if (!wanted) return refusal_of(connection, wanted.error());
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(file, failure);
  if (!failure && bytes < std::stoull(*wanted)) return damaged("its end is missing");
  return {};
}

/// Whether the file can be written. SQLite also takes a file for read-only whose header says that a
/// newer version of SQLite has made it: none of ours does.
Verdict check_writable(SqliteConnection& connection, const std::filesystem::path& file)
    SPREADABLE_REQUIRES(connection.mutex) {
  if (sqlite3_db_readonly(connection.handle(), "main") == 0) return {};
  if (::access(file.c_str(), W_OK) != 0) return Refusal{detail::io_error("write", file, errno)};
  return damaged("the file header is not ours");
}

std::filesystem::path with_suffix(std::filesystem::path path, std::string_view suffix) {
  path += suffix;
  return path;
}

/// Renames `file` and its log to the next free name, and gives that name.
Result<std::filesystem::path> set_aside(const std::filesystem::path& file) {
  std::filesystem::path aside;
  std::error_code failure;
  for (int n = 1; n <= SqliteDatabase::kDamagedFilesMax; ++n) {
    aside = with_suffix(file, fmt::format(".damaged-{}", n));
    if (!std::filesystem::exists(aside, failure)) break;
  }
  // The file goes last: until then, a crash leaves it to be found damaged again, under the same
  // name.
  for (const char* suffix : {"-wal", "-shm", ""}) {
    const auto from = with_suffix(file, suffix);
    const auto to = with_suffix(aside, suffix);
    if (std::filesystem::exists(from, failure)) {
      std::filesystem::rename(from, to, failure);
    } else {
      std::filesystem::remove(to, failure);  // what another damaged file has left
    }
    if (failure) return detail::io_error("set aside", from, failure.value());
  }
  return aside;
}

}  // namespace

/// Destroyed from the last to the first: stores before the connections they use.
struct detail::SqliteParts {
  std::unique_ptr<SqliteConnection> durable;
  std::unique_ptr<SqliteConnection> relaxed;
  std::unique_ptr<SqliteDataStore> data;
  std::unique_ptr<SqlitePeerStore> peers;
  std::unique_ptr<SqliteBanStore> bans;
  std::unique_ptr<SqliteCacheStore> cache;
};

namespace {

using detail::SqliteParts;

/// Puts what `Store::make` gives into `place`.
template <class Store>
Verdict make_store(SqliteConnection& connection, std::unique_ptr<Store>& place) {
  auto store = Store::make(connection);
  if (!store) {
    const MutexLock lock(connection.mutex);
    return refusal_of(connection, store.error());
  }
  place = std::move(*store);
  return {};
}

Verdict connect(const std::filesystem::path& file, SqliteConnection::Durability durability,
                std::unique_ptr<SqliteConnection>& place) {
  int code = SQLITE_OK;
  auto connection = SqliteConnection::open(file, durability, code);
  if (!connection) return Refusal{connection.error(), detail::is_damage(code)};
  place = std::move(*connection);
  return {};
}

Verdict open_parts(const std::filesystem::path& file, SqliteParts& parts) {
  Verdict refusal = connect(file, SqliteConnection::Durability::full, parts.durable);
  if (!refusal) {
    const MutexLock lock(parts.durable->mutex);
    refusal = bring_up_to_date(*parts.durable);
    if (!refusal) refusal = check_writable(*parts.durable, file);
    if (!refusal) refusal = check_pages(*parts.durable);
    if (!refusal) refusal = check_length(*parts.durable, file);
  }
  if (!refusal) refusal = connect(file, SqliteConnection::Durability::normal, parts.relaxed);
  if (!refusal) refusal = make_store(*parts.durable, parts.data);
  if (!refusal) refusal = make_store(*parts.durable, parts.peers);
  if (!refusal) refusal = make_store(*parts.durable, parts.bans);
  if (!refusal) refusal = make_store(*parts.relaxed, parts.cache);
  return refusal;
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::filesystem::path& folder,
                                                             Logger& logger) {
  const auto made = detail::make_private_folder(folder);
  if (!made) return made.error();
  const std::filesystem::path file = folder / kFileName;
  auto parts = std::make_unique<SqliteParts>();
  Verdict refusal = open_parts(file, *parts);
  if (refusal && refusal->is_damaged) {
    parts = std::make_unique<SqliteParts>();  // closes the damaged file
    const auto aside = set_aside(file);
    if (!aside) return aside.error();
    logger.error(
        fmt::format("storage file \"{}\" is damaged ({}); it is kept as \"{}\", and the node "
                    "begins with an empty one",
                    file.string(), refusal->error.message, aside->string()));
    refusal = open_parts(file, *parts);
  }
  if (refusal) return refusal->error;
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
