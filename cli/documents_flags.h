// cli/documents_flags.h: the flags of the commands about documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/client_flags.h"
#include "extensions/documents/client.h"

namespace spreadable::cli {

/// All flags of all these commands; each command adds those it knows.
struct DocumentFlags {
  ClientFlags client;
  std::string collection;
  std::string document;
  std::string file;
  std::string filter;
  std::string sort;
  std::string fields;
  std::string pk;
  std::string key;
  std::string owner;
  std::int64_t limit = 0;
  std::int64_t page = 0;
  std::size_t jobs = 8;
  bool is_table = false;
  bool is_all = false;
  bool replaces = false;
  bool ignores_existing = false;

  /// Filter, sort, fields, limit and page as the client takes them. Errc::invalid_argument naming
  /// the flag that is no JSON.
  [[nodiscard]] Result<documents::Client::Query> query() const;
};

/// A client of documents with all that it needs.
class DocumentsNodeClient {
 public:
  /// Throws std::runtime_error when the system refuses sockets or threads.
  explicit DocumentsNodeClient(Client::Options options);

  [[nodiscard]] documents::Client& operator*() { return client_; }
  [[nodiscard]] documents::Client* operator->() { return &client_; }

 private:
  SystemClock clock_;
  SystemResolver resolver_{clock_};
  SystemRandom random_;
  CurlTransport transport_;
  documents::Client client_;
};

/// Carries out `import` and `export`; both show on a terminal how far they are.
[[nodiscard]] int import_documents(const DocumentFlags& flags, documents::Client& client);
[[nodiscard]] int export_documents(const DocumentFlags& flags, documents::Client& client);

}  // namespace spreadable::cli
