#include "services/storage/sqlite/file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "services/storage/folder.h"
#include "services/storage/sqlite/statement.h"

namespace spreadable::sqlite {
namespace {

Error damaged(std::string reason) {
  return {Errc::damaged, std::move(reason), {}};
}

/// Runs the steps that `format` lacks, all or none.
Result<void> run_steps(Connection& connection, const Format& format, std::int64_t version)
    SPREADABLE_REQUIRES(connection.mutex) {
  const auto begun = connection.begin();
  if (!begun) return begun;
  Result<void> made;
  for (const char* step : format.steps.subspan(static_cast<std::size_t>(version))) {
    if (made) made = connection.execute(step);
  }
  if (made) {
    made =
        connection.execute(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}",
                                       format.version(), format.application_id + format.version())
                               .c_str());
  }
  return connection.end(std::move(made));
}

/// Whether all pages can be read and hang together.
Result<void> check_pages(Connection& connection) SPREADABLE_REQUIRES(connection.mutex) {
  const auto finding = ask(connection, "PRAGMA quick_check(1)");
  if (!finding) return finding.error();
  if (*finding != "ok") return damaged(*finding);
  return {};
}

/// Whether `file` ends where its header says. SQLite itself takes what is missing of a last page
/// for zeros. The log, which may hold that page, is copied to the file first; when that is
/// impossible, as on a full disk, the file cannot be judged.
Result<void> check_length(Connection& connection, const std::filesystem::path& file)
    SPREADABLE_REQUIRES(connection.mutex) {
  const auto is_busy = ask(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
  if (!is_busy || *is_busy != "0") return {};
  const auto wanted = ask(connection,
                          "SELECT page_count * page_size FROM pragma_page_count, "
                          "pragma_page_size");
  if (!wanted) return wanted.error();
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(file, failure);
  if (!failure && bytes < std::stoull(*wanted)) return damaged("its end is missing");
  return {};
}

/// Whether the file can be written. SQLite also takes a file for read-only whose header says that a
/// newer version of SQLite has made it: none of ours does.
Result<void> check_writable(Connection& connection, const std::filesystem::path& file)
    SPREADABLE_REQUIRES(connection.mutex) {
  if (sqlite3_db_readonly(connection.handle(), "main") == 0) return {};
  if (::access(file.c_str(), W_OK) != 0) return io_error("write", file, errno);
  return damaged("the file header is not ours");
}

std::filesystem::path with_suffix(std::filesystem::path path, std::string_view suffix) {
  path += suffix;
  return path;
}

}  // namespace

Result<std::string> ask(Connection& connection, const char* sql) {
  auto statement = Statement::prepare(connection.handle(), sql);
  if (!statement) return statement.error();
  Query query(*statement);
  const auto row = query.step();
  if (!row) return row.error();
  return query.text(0);
}

Result<void> bring_up_to_date(Connection& connection, const Format& format) {
  const auto version_text = ask(connection, "PRAGMA user_version");
  if (!version_text) return version_text.error();
  const auto id_text = ask(connection, "PRAGMA application_id");
  if (!id_text) return id_text.error();
  const std::int64_t version = std::stoll(*version_text);
  const std::int64_t id = std::stoll(*id_text);
  const bool is_empty = version == 0 && id == 0;
  if (!is_empty && id != format.application_id + version)
    return damaged("the file header is not ours");
  if (version > format.version()) {
    const char* const file = sqlite3_db_filename(connection.handle(), "main");
    return Error{Errc::io,
                 fmt::format("storage file \"{}\" has format {}, made by a newer version of this "
                             "program",
                             file, version),
                 {}};
  }
  if (version < 0) return damaged("the file header is not ours");
  return version == format.version() ? Result<void>() : run_steps(connection, format, version);
}

Result<std::unique_ptr<Connection>> open_file(const Opening& opening) {
  auto connection = Connection::open(opening.file, opening.durability);
  if (!connection) return connection;
  Connection& opened = **connection;
  const MutexLock lock(opened.mutex);
  Result<void> checked = bring_up_to_date(opened, opening.format);
  if (checked) checked = check_writable(opened, opening.file);
  if (checked && opening.checks_pages) checked = check_pages(opened);
  if (checked) checked = check_length(opened, opening.file);
  if (!checked) return checked.error();
  return connection;
}

Result<std::filesystem::path> set_aside(const std::filesystem::path& file, int files_max) {
  std::filesystem::path aside;
  std::error_code failure;
  for (int n = 1; n <= files_max; ++n) {
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
    if (failure) return io_error("set aside", from, failure.value());
  }
  return aside;
}

}  // namespace spreadable::sqlite
