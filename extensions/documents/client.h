// extensions/documents/client.h: how a program outside of a network uses its documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/client.h"

namespace spreadable::documents {

/// A Client of nodes of kind `documents`; upstream's nodes answer it as well. The JavaScript client
/// (web/documents) has the same methods. Thread-safe after init(). Source: metastocle section 8.
///
///     documents::Client client({.address = {*Address::parse("localhost:4000")}}, parts);
///     if (client.init()) client.add("people", {{"name", "Ann"}}, {});
class Client {
 public:
  /// Options and parts of spreadable::Client; `version` is that of documents.
  Client(spreadable::Client::Options options, spreadable::Client::Parts parts);

  [[nodiscard]] Result<void> init() { return client_.init(); }
  /// For all that is not about documents.
  [[nodiscard]] spreadable::Client& base() { return client_; }

  /// What every method may be told beside what it is about.
  struct Sending {
    std::optional<Duration> timeout{};  ///< by default request.client_timeout
    /// Who the documents belong to: shown when adding, it has to be shown for changing them, in
    /// networks whose collections say so. Upstream's nodes know no owners.
    std::string owner_token{};
    Json approval_info{};  ///< of an approval that the collection asks for
  };

  struct Adding : Sending {
    bool ignore_existence_error = false;  ///< gives the document that exists instead of an error
  };
  /// The document as it was stored. Errc::logical with the codes of extensions/documents/wire.h.
  [[nodiscard]] Result<Json> add(std::string_view collection, const Json& document,
                                 const Adding& adding);

  /// What is wanted; fields that are null or unset are not sent. Source: metastocle section 6.
  struct Query : Sending {
    Json filter{};
    Json sort{};              ///< `["name", ["age", "desc"]]`
    Json fields{};            ///< `["name", "age"]`
    std::int64_t offset = 0;  ///< number of the page
    std::int64_t limit = 0;   ///< documents on a page; 0: all
    bool removes_duplicates = true;
  };
  struct Page {
    std::vector<Json> documents;
    std::size_t total_count = 0;  ///< of all pages
  };
  [[nodiscard]] Result<Page> get(std::string_view collection, const Query& query);
  [[nodiscard]] Result<std::size_t> count(std::string_view collection, const Query& query);
  /// The document whose primary key is `pk`, or null.
  [[nodiscard]] Result<Json> get_by_pk(std::string_view collection, const Json& pk,
                                       const Sending& sending);

  struct Change : Sending {
    Json filter{};          ///< null: all documents
    bool replaces = false;  ///< of an update: nothing of the old fields stays
  };
  /// How many copies were changed: each document has several.
  [[nodiscard]] Result<std::size_t> update(std::string_view collection, const Json& document,
                                           const Change& change);
  /// How many copies were deleted.
  [[nodiscard]] Result<std::size_t> remove(std::string_view collection, const Change& change);

 private:
  [[nodiscard]] Result<Json> send(std::string_view endpoint, Json body, const Sending& sending);

  spreadable::Client client_;
};

}  // namespace spreadable::documents
