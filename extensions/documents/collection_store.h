// extensions/documents/collection_store.h: the documents of one collection on one node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/result.h"
#include "extensions/documents/collection.h"
#include "extensions/documents/document.h"
#include "extensions/documents/document_query.h"

namespace spreadable::documents {
namespace detail {
class CollectionTable;
}

/// Reads and changes documents of one collection. Filters see documents with getters applied;
/// documents are given as they are stored, so whoever sends them applies Collection::presented.
/// Refusals of a change are Errc::logical with a code of wire.h; of the disk, Errc::no_space,
/// Errc::damaged (see DocumentStore::renew) or Errc::io; of too many at a time, Errc::overloaded. A
/// change that returned success is on the disk.
/// Thread-safe; calls block for the disk. Visitors must not call the store.
class CollectionStore {
 public:
  /// A reading lets others have its connection after this long. Source: reliability S19.
  static constexpr Millis kSlice{50};
  /// Most documents, and bytes of their text, in one answer. Source: reliability S19.
  static constexpr std::size_t kResultDocumentsMax = 10'000;
  static constexpr std::size_t kResultBytesMax = 8 << 20;
  /// Documents changed by one commit: a larger change takes several, and a crash may leave the rest
  /// undone.
  static constexpr std::size_t kCommitDocumentsMax = 1'000;

  explicit CollectionStore(std::unique_ptr<detail::CollectionTable> table);
  ~CollectionStore();

  [[nodiscard]] const Collection& collection() const;

  /// Documents stored, and their estimated size together. Takes no time.
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] std::uint64_t bytes() const;
  /// `isFull` and `isAvailable` of metastocle section 5.1: at the limit, and whether another one
  /// would be taken all the same.
  [[nodiscard]] bool is_full() const;
  [[nodiscard]] bool is_available() const;

  /// A document to be added.
  struct Addition {
    Json fields;                           ///< of the user
    std::optional<Json> key{};             ///< none: made here, as the first copy
    std::string owner{};                   ///< owner_digest()
    std::optional<std::int64_t> time{};    ///< of the revision; none: now
    std::optional<WallTime> created_at{};  ///< of the first copy; none: now
  };
  /// Prepares and stores a new document, then evicts. Refusals: wire::kDocumentsLimit,
  /// wire::kPkExists, wire::kDuplicateExists, wire::kDocumentDeleted (only when `time` is given and
  /// a tombstone is later), wire::kDocumentsMaxSize, and those of Collection::prepared.
  [[nodiscard]] Result<Document> add(Addition addition);

  /// What became of a copy from another node.
  enum class Merge {
    added,     ///< there was none
    replaced,  ///< ours was older
    kept,      ///< ours is the same or later
    deleted,   ///< it has been deleted here since
    conflict,  ///< another document has its pk, and a greater revision
  };
  /// Takes in a copy that another node of ours has, as it is: no defaults, no setters. Of two
  /// documents with one pk the one with the greater revision stays, the other is deleted.
  /// Refusals: limits and schema as add().
  [[nodiscard]] Result<Merge> merge(const Document& copy);
  /// Takes in a deletion that another node knows of: added, replaced (a document) or kept.
  [[nodiscard]] Result<Merge> merge(const Tombstone& tombstone);

  /// By primary key: a text or a number. Nothing for other values, or without a pk.
  [[nodiscard]] Result<std::optional<Document>> find(const Json& pk) const;
  /// By duplication key.
  [[nodiscard]] Result<std::optional<Document>> find_key(const Json& key) const;
  [[nodiscard]] Result<std::optional<Tombstone>> find_tombstone(const Json& key) const;

  struct Limits {
    Deadline deadline;
    std::size_t documents_max = kResultDocumentsMax;
    std::size_t bytes_max = kResultBytesMax;
  };
  /// False ends the visit.
  using Visitor = std::function<bool(Document& document)>;
  /// Calls `visitor` with each document that matches, in order of rows. Not one moment's state:
  /// each document is seen at most once, and one that is there all the time is seen. True when all
  /// were seen; false when the visitor or the deadline ended it.
  [[nodiscard]] Result<bool> visit(const Filter& filter, Deadline deadline,
                                   const Visitor& visitor) const;

  struct Selection {
    std::vector<Document> documents;
    /// Of all that match, also beyond the documents: for counting copies once.
    std::vector<Json> keys;
    bool is_complete = true;  ///< false: cut by a limit or the deadline
  };
  /// The documents that a query asks for, sorted and cut to `first` when that is given, else in
  /// order of rows.
  [[nodiscard]] Result<Selection> select(const DocumentQuery& query, const Limits& limits,
                                         std::optional<std::size_t> first = {}) const;
  /// The duplication keys of the documents that match.
  [[nodiscard]] Result<Selection> select_keys(const Filter& filter, Deadline deadline) const;

  /// Notes that documents were handed out, for eviction; written some seconds later. Nothing
  /// happens in a collection that never evicts.
  void touch(std::span<const Document> documents);

  struct Outcome {
    std::size_t changed = 0;
    std::size_t refused = 0;       ///< left as they are
    std::optional<Error> refusal;  ///< of the first of these
    bool is_complete = true;       ///< false: the deadline ended it
    std::vector<Trace> traces{};   ///< of what was changed, up to kResultDocumentsMax
  };
  /// Changes the documents that match, each for itself: one that cannot be changed does not keep
  /// others from it. `may_change`: none, or whether this document may be changed, else it is passed
  /// over.
  [[nodiscard]] Result<Outcome> update(const ChangeQuery& query, const Json& change,
                                       Deadline deadline,
                                       const std::function<bool(const Document&)>& may_change = {});
  /// Deletes the documents that match, and leaves tombstones.
  [[nodiscard]] Result<Outcome> remove(const Filter& filter, Deadline deadline,
                                       const std::function<bool(const Document&)>& may_change = {});

  /// What is here, tombstones too, in the order of keys, after the key `after`: at most `count`.
  [[nodiscard]] Result<std::vector<Trace>> traces(std::string_view after, std::size_t count) const;
  struct RangeDigest {
    std::size_t count = 0;
    std::string digest;  ///< 16 bytes; equal when the traces are
  };
  /// Of the traces with `from` <= key < `to`; an empty `to`: without end.
  [[nodiscard]] Result<RangeDigest> range_digest(std::string_view from, std::string_view to) const;

  /// Removes what is beyond limit and maxSize, and documents without a valid pk. Gives how many.
  [[nodiscard]] Result<std::size_t> evict();

 private:
  const std::unique_ptr<detail::CollectionTable> table_;
};

}  // namespace spreadable::documents
