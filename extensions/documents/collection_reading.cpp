#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "extensions/documents/collection_store.h"
#include "extensions/documents/detail/merge_sort.h"
#include "extensions/documents/detail/table_reader.h"

namespace spreadable::documents {
namespace {

using detail::Cursor;
using detail::RowView;
using detail::Session;

/// The first documents in the order of a query, out of many: kept sorted and cut now and then.
class FirstDocuments {
 public:
  FirstDocuments(const DocumentQuery& query, const Collection& collection, std::size_t count)
      : query_(query), collection_(collection), count_(count) {}

  void add(Document document) {
    // What the coordinator will sort: fields that were not asked for are gone by then.
    Json shown = query_.projected(collection_.for_node(document));
    found_.push_back({std::move(shown), std::move(document)});
    if (found_.size() >= 2 * count_ + kSlack) cut();
  }

  std::vector<Document> take() {
    cut();
    std::vector<Document> documents;
    documents.reserve(found_.size());
    for (Found& found : found_) documents.push_back(std::move(found.document));
    return documents;
  }

 private:
  static constexpr std::size_t kSlack = 64;

  struct Found {
    Json shown;
    Document document;
  };

  void cut() {
    detail::merge_sort(
        found_, [&](const Found& a, const Found& b) { return query_.is_before(a.shown, b.shown); });
    if (found_.size() > count_) found_.erase(found_.begin() + std::ptrdiff_t(count_), found_.end());
  }

  const DocumentQuery& query_;
  const Collection& collection_;
  const std::size_t count_;
  std::vector<Found> found_;
};

/// A digest of traces, one after another.
class TraceDigest {
 public:
  TraceDigest() { SPREADABLE_ASSERT(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1); }
  ~TraceDigest() { EVP_MD_CTX_free(context_); }
  TraceDigest(const TraceDigest&) = delete;
  TraceDigest& operator=(const TraceDigest&) = delete;

  void add(std::string_view key, std::int64_t time, bool is_deletion, std::string_view digest) {
    const std::string head =
        std::to_string(key.size()) + ':' + std::to_string(time) + (is_deletion ? 'x' : ':');
    for (const std::string_view part : {std::string_view(head), key, digest}) {
      SPREADABLE_ASSERT(EVP_DigestUpdate(context_, part.data(), part.size()) == 1);
    }
  }

  std::string take() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    SPREADABLE_ASSERT(EVP_DigestFinal_ex(context_, bytes, &size) == 1);
    return {bytes, bytes + 16};
  }

 private:
  EVP_MD_CTX* const context_ = EVP_MD_CTX_new();
};

/// Puts as many of `documents` into `selection` as the limit of bytes allows.
void put_documents(std::vector<Document> documents, std::size_t bytes_max,
                   CollectionStore::Selection& selection) {
  std::size_t bytes = 0;
  for (Document& document : documents) {
    bytes += dump_json(document.fields).size();
    if (bytes > bytes_max) {
      selection.is_complete = false;
      return;
    }
    selection.documents.push_back(std::move(document));
  }
}

Revision revision_of(const sqlite::Query& query) {
  return {query.integer(1), query.integer(2) != 0, query.text(3)};
}

}  // namespace

Result<bool> CollectionStore::visit(const Filter& filter, Deadline deadline,
                                    const Visitor& visitor) const {
  Cursor cursor(*table_, filter, deadline);
  const auto visited = cursor.advance([&](const RowView& row) {
    auto document = row.document();
    return !document || visitor(*document);
  });
  if (!visited) return visited.error();
  return cursor.is_at_end();
}

Result<CollectionStore::Selection> CollectionStore::select(const DocumentQuery& query,
                                                           const Limits& limits,
                                                           std::optional<std::size_t> first) const {
  Selection selection;
  std::size_t bytes = 0;
  FirstDocuments firsts(query, collection(), std::min(first.value_or(0), limits.documents_max));
  Cursor cursor(*table_, query.filter(), limits.deadline);
  const auto visited = cursor.advance([&](const RowView& row) {
    auto document = row.document();
    if (!document) return true;
    if (!first && (selection.documents.size() == limits.documents_max ||
                   bytes + row.fields.size() > limits.bytes_max)) {
      selection.is_complete = false;
      return false;
    }
    selection.keys.push_back(document->key);
    if (first) {
      firsts.add(std::move(*document));
    } else {
      bytes += row.fields.size();
      selection.documents.push_back(std::move(*document));
    }
    return true;
  });
  if (!visited) return visited.error();
  selection.is_complete = selection.is_complete && cursor.is_at_end();
  if (first) put_documents(firsts.take(), limits.bytes_max, selection);
  return selection;
}

Result<CollectionStore::Selection> CollectionStore::select_keys(const Filter& filter,
                                                                Deadline deadline) const {
  Selection selection;
  Cursor cursor(*table_, filter, deadline);
  const auto visited = cursor.advance([&](const RowView& row) {
    selection.keys.push_back(row.key_json());
    return true;
  });
  if (!visited) return visited.error();
  selection.is_complete = cursor.is_at_end();
  return selection;
}

Result<std::vector<Trace>> CollectionStore::traces(std::string_view after,
                                                   std::size_t count) const {
  std::vector<Trace> traces;
  const auto read = table_->core().read([&](Session& session) -> Result<void> {
    auto statement = session.prepared(table_->sql().traces);
    if (!statement) return statement.error();
    sqlite::Query query(**statement, after, count);
    while (true) {
      const auto row = query.step();
      if (!row) return row.error();
      if (!*row) return {};
      traces.push_back({query.text(0), revision_of(query)});
    }
  });
  if (!read) return read.error();
  return traces;
}

Result<CollectionStore::RangeDigest> CollectionStore::range_digest(std::string_view from,
                                                                   std::string_view to) const {
  TraceDigest digest;
  RangeDigest range;
  const auto end = to.empty() ? std::optional<std::string_view>() : std::optional(to);
  const auto read = table_->core().read([&](Session& session) -> Result<void> {
    auto statement = session.prepared(table_->sql().traces_between);
    if (!statement) return statement.error();
    sqlite::Query query(**statement, from, end);
    while (true) {
      const auto row = query.step();
      if (!row) return row.error();
      if (!*row) return {};
      ++range.count;
      digest.add(query.bytes(0), query.integer(1), query.integer(2) != 0, query.bytes(3));
    }
  });
  if (!read) return read.error();
  range.digest = digest.take();
  return range;
}

}  // namespace spreadable::documents
