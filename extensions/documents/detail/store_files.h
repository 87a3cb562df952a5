// extensions/documents/detail/store_files.h: the open file of a store, on a disk or in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/result.h"
#include "extensions/documents/detail/session.h"
#include "extensions/documents/detail/writer.h"
#include "extensions/documents/document_store.h"

namespace spreadable::documents {

/// Keeps the memory from being given back while no store is open.
struct MemoryDisk::Anchor {
  std::string name;  ///< as SQLite knows it
  std::unique_ptr<sqlite::Connection> connection;
};

namespace detail {

/// One way to the file for writing, several for reading. In memory all share one connection, since
/// readers there would keep writers out.
class StoreFiles {
 public:
  /// Errc::damaged for a damaged file, else Errc::io.
  [[nodiscard]] static Result<std::unique_ptr<StoreFiles>> open(
      const std::filesystem::path& file, const DocumentStore::Options& options);
  [[nodiscard]] static Result<std::unique_ptr<StoreFiles>> open(const MemoryDisk& disk);

  [[nodiscard]] Writer& writer() { return writer_; }
  [[nodiscard]] SessionPool& readers() { return readers_ ? *readers_ : writing_; }

 private:
  StoreFiles(std::unique_ptr<Session> writing, std::unique_ptr<SessionPool> readers);

  SessionPool writing_;
  const std::unique_ptr<SessionPool> readers_;  // none: those who read take turns with the writer
  Writer writer_{writing_};
};

}  // namespace detail
}  // namespace spreadable::documents
