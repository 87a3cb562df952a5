// services/storage/sqlite/file.h: opening a file of our own that may be old, foreign or damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"
#include "services/storage/sqlite/connection.h"

namespace spreadable::sqlite {

/// The tables in one kind of file.
struct Format {
  /// What SQLite's `application_id` is, less the version: three letters and a zero byte. When the
  /// two disagree, the header is damaged, whereas a greater version alone belongs to a newer
  /// program.
  std::int64_t application_id = 0;
  /// Each makes the next version out of the one before, the first out of an empty file. Lives as
  /// long as the program.
  std::span<const char* const> steps;

  /// The version that this program writes, in SQLite's `user_version`.
  [[nodiscard]] std::int64_t version() const { return static_cast<std::int64_t>(steps.size()); }
};

/// How a file is opened.
struct Opening {
  std::filesystem::path file;
  Format format;
  Connection::Durability durability = Connection::Durability::full;
  /// Reads the whole file to see whether its pages hang together. Otherwise only its length and
  /// header are looked at.
  bool checks_pages = true;
};

/// Opens a file, making it when missing and bringing an older one up to date. Errc::damaged, with
/// the reason, for a damaged one or one that is not ours; Errc::io when it cannot be opened or
/// written, or when a newer program has made it: then it is left as it is.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_file(const Opening& opening);

/// Makes the tables of an empty or older file. Errors as open_file().
[[nodiscard]] Result<void> bring_up_to_date(Connection& connection, const Format& format)
    SPREADABLE_REQUIRES(connection.mutex);

/// The single value that `sql` gives, as text; empty when it gives none.
[[nodiscard]] Result<std::string> ask(Connection& connection, const char* sql)
    SPREADABLE_REQUIRES(connection.mutex);

/// Renames a damaged file and its log to the next free of `<file>.damaged-1` to `-<files_max>`, and
/// gives that name; the last one is replaced. Requires: no connection to it is open.
[[nodiscard]] Result<std::filesystem::path> set_aside(const std::filesystem::path& file,
                                                      int files_max);

}  // namespace spreadable::sqlite
