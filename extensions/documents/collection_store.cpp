#include "extensions/documents/collection_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "extensions/documents/detail/collection_table.h"
#include "extensions/documents/detail/javascript.h"
#include "extensions/documents/detail/table_writer.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

using Merge = CollectionStore::Merge;
using detail::CollectionTable;
using detail::RowImage;
using detail::Session;
using detail::StoredRow;
using detail::TableWriter;
using detail::Totals;

Error refusal(std::string_view code, std::string message) {
  return {Errc::logical, std::move(message), std::string(code)};
}

/// Commits what `run` does with a writer, and makes the totals known.
Result<void> write(CollectionTable& table, const std::function<Result<void>(TableWriter&)>& run) {
  Totals totals;
  return table.core().write({.run = [&](Session& session) -> Result<void> {
                               TableWriter writer(table, session);
                               if (auto begun = writer.begin(); !begun) return begun;
                               if (auto done = run(writer); !done) return done;
                               totals = writer.totals();
                               return writer.end();
                             },
                             .committed = [&] { table.publish(totals); }});
}

bool is_key(const Json& value) {
  return value.is_string() || value.is_number();
}

/// Whether the collection has room for one more document, with an error that says what is full.
Result<void> check_room(const Collection& collection, const Totals& totals, std::uint64_t bytes) {
  const CollectionOptions& options = collection.options();
  if (options.is_queue) return {};
  if (options.limit > 0 && totals.documents >= static_cast<std::int64_t>(options.limit)) {
    return refusal(wire::kDocumentsLimit,
                   fmt::format("collection \"{}\" has as many documents as it may have, {}",
                               collection.name(), options.limit));
  }
  const std::uint64_t total = static_cast<std::uint64_t>(totals.bytes) + bytes;
  if (options.bytes_max > 0 && total > options.bytes_max) {
    return refusal(wire::kDocumentsMaxSize,
                   fmt::format("collection \"{}\" has as many bytes as it may have, {}",
                               collection.name(), options.bytes_max));
  }
  return {};
}

Error pk_exists(const Collection& collection, const std::string& pk) {
  return refusal(wire::kPkExists,
                 fmt::format("collection \"{}\" has a document with \"{}\" {} already",
                             collection.name(), collection.options().pk, pk));
}

/// Whether nothing stands in the way of a new document.
Result<void> check_free(const Collection& collection, TableWriter& writer, const RowImage& image) {
  if (image.pk) {
    const auto twin = writer.find_pk(*image.pk);
    if (!twin) return twin.error();
    if (*twin) return pk_exists(collection, *image.pk);
  }
  const auto copy = writer.find_key(image.key);
  if (!copy) return copy.error();
  if (!*copy) return {};
  return refusal(wire::kDuplicateExists, fmt::format("document {} is here already", image.key));
}

/// A document comes again after its deletion: by itself only when it is later than that. Keys that
/// the system makes are made once, so whoever brings one again brings an old copy.
Result<void> raise(const CollectionTable& table, const CollectionStore::Addition& addition,
                   std::int64_t deleted_at, RowImage& image) {
  const bool is_made = table.options().duplication_key.starts_with(wire::kSystemPrefix);
  const bool is_old =
      addition.time ? image.document.revision.time <= deleted_at : addition.key && is_made;
  if (is_old) {
    return refusal(wire::kDocumentDeleted,
                   fmt::format("document {} has been deleted here", image.key));
  }
  image.document.revision.time = std::max(image.document.revision.time, deleted_at + 1);
  return {};
}

/// Of two documents with one primary key the one with the greater revision stays. The tombstone of
/// the other has the time of the winner, so that all nodes write the same one.
Result<void> resolve_pk(TableWriter& writer, const RowImage& image, Merge& outcome) {
  if (!image.pk) return {};
  const auto twin = writer.find_pk(*image.pk);
  if (!twin) return twin.error();
  if (!*twin || key_text((*twin)->document.key) == image.key) return {};
  const Document& other = (*twin)->document;
  const bool is_ours_later = std::pair(other.revision, key_text(other.key)) >
                             std::pair(image.document.revision, image.key);
  outcome = Merge::conflict;
  if (is_ours_later) return writer.bury(image.key, other.revision.time);
  outcome = Merge::added;
  if (auto removed = writer.remove(**twin); !removed) return removed;
  return writer.bury(key_text(other.key), image.document.revision.time);
}

Result<void> merge_image(const Collection& collection, TableWriter& writer, RowImage& image,
                         Merge& outcome) {
  const Revision& revision = image.document.revision;
  const auto own = writer.find_key(image.key);
  if (!own) return own.error();
  if (*own && (*own)->document.revision >= revision) {
    outcome = Merge::kept;
    return {};
  }
  const auto deleted_at = writer.find_tombstone(image.key);
  if (!deleted_at) return deleted_at.error();
  if (*deleted_at && **deleted_at >= revision.time) {
    outcome = Merge::deleted;
    return {};
  }
  if (auto resolved = resolve_pk(writer, image, outcome); !resolved) return resolved;
  if (outcome == Merge::conflict) return {};
  if (*own) {
    outcome = Merge::replaced;
    image.document.created_at = (*own)->document.created_at;
    return writer.replace(**own, image);
  }
  if (auto room = check_room(collection, writer.totals(), image.bytes); !room) return room;
  outcome = Merge::added;
  if (auto dug_up = writer.dig_up(image.key); !dug_up) return dug_up;
  if (auto inserted = writer.insert(image); !inserted) return inserted;
  const auto evicted = writer.evict();
  return evicted ? Result<void>() : Result<void>(evicted.error());
}

Result<std::optional<Document>> find_document(CollectionTable& table, const std::string& sql,
                                              const std::string& key) {
  std::optional<Document> document;
  const auto found = table.core().read([&](Session& session) -> Result<void> {
    auto statement = session.prepared(sql);
    if (!statement) return statement.error();
    sqlite::Query query(**statement, key);
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return {};
    auto read = detail::RowView::of(query).document();
    if (!read) return read.error();
    document = std::move(*read);
    return {};
  });
  if (!found) return found.error();
  return document;
}

}  // namespace

CollectionStore::CollectionStore(std::unique_ptr<detail::CollectionTable> table)
    : table_(std::move(table)) {}

CollectionStore::~CollectionStore() = default;

const Collection& CollectionStore::collection() const {
  return table_->collection();
}

std::size_t CollectionStore::count() const {
  return static_cast<std::size_t>(table_->totals().documents);
}

std::uint64_t CollectionStore::bytes() const {
  return static_cast<std::uint64_t>(table_->totals().bytes);
}

bool CollectionStore::is_full() const {
  // Without a limit this is true, as upstream has it.
  return count() >= table_->options().limit;
}

bool CollectionStore::is_available() const {
  const CollectionOptions& options = table_->options();
  return options.is_queue || options.limit == 0 || count() < options.limit;
}

Result<Document> CollectionStore::add(Addition addition) {
  const auto& [clock, random, logger, thread_time] = table_->ports();
  auto fields = collection().prepared(std::move(addition.fields), nullptr, clock, random);
  if (!fields) return fields.error();
  const WallTime now = clock.wall_now();
  Document document{.fields = std::move(*fields),
                    .revision = {.time = addition.time.value_or(to_epoch_millis(now))},
                    .owner = std::move(addition.owner),
                    .created_at = addition.created_at.value_or(now),
                    .updated_at = now,
                    .accessed_at = now};
  auto key = collection().give_key(document.fields, addition.key, clock, random);
  if (!key) return key.error();
  document.key = std::move(*key);
  RowImage image = RowImage::of(collection(), std::move(document));
  const auto written = write(*table_, [&](TableWriter& writer) -> Result<void> {
    if (auto room = check_room(collection(), writer.totals(), image.bytes); !room) return room;
    if (auto free = check_free(collection(), writer, image); !free) return free;
    const auto deleted_at = writer.find_tombstone(image.key);
    if (!deleted_at) return deleted_at.error();
    if (*deleted_at) {
      if (auto raised = raise(*table_, addition, **deleted_at, image); !raised) {
        return raised;
      }
      if (auto dug_up = writer.dig_up(image.key); !dug_up) return dug_up;
    }
    if (auto inserted = writer.insert(image); !inserted) return inserted;
    const auto evicted = writer.evict();
    return evicted ? Result<void>() : Result<void>(evicted.error());
  });
  if (!written) return written.error();
  return std::move(image.document);
}

Result<CollectionStore::Merge> CollectionStore::merge(const Document& copy) {
  if (auto checked = collection().check_form(copy.fields); !checked) return checked.error();
  if (!is_key(copy.key)) return refusal(wire::kInvalidDocument, "a copy needs a key");
  if (const auto& schema = table_->options().schema) {
    if (auto checked = schema->check(copy.fields); !checked) {
      return refusal(checked.error().wire_code, "document: " + checked.error().message);
    }
  }
  const Json* const pk = collection().pk_of(copy.fields);
  if (!table_->options().pk.empty() && (pk == nullptr || !is_key(*pk))) {
    return refusal(wire::kInvalidPkType, "a copy needs a primary key");
  }
  Document document = copy;
  document.updated_at = document.accessed_at = table_->ports().clock.wall_now();
  RowImage image = RowImage::of(collection(), std::move(document));
  Merge outcome = Merge::kept;
  const auto written = write(*table_, [&](TableWriter& writer) {
    return merge_image(collection(), writer, image, outcome);
  });
  if (!written) return written.error();
  return outcome;
}

Result<CollectionStore::Merge> CollectionStore::merge(const Tombstone& tombstone) {
  Merge outcome = Merge::kept;
  const std::int64_t time = tombstone.revision.time;
  const auto written = write(*table_, [&](TableWriter& writer) -> Result<void> {
    const auto known = writer.find_tombstone(tombstone.key);
    if (!known) return known.error();
    const auto own = writer.find_key(tombstone.key);
    if (!own) return own.error();
    const bool is_later_here =
        (*known && **known >= time) || (*own && (*own)->document.revision > tombstone.revision);
    if (is_later_here) return {};
    outcome = *own ? Merge::replaced : Merge::added;
    if (*own) {
      if (auto removed = writer.remove(**own); !removed) return removed;
    }
    return writer.bury(tombstone.key, time);
  });
  if (!written) return written.error();
  return outcome;
}

Result<std::optional<Document>> CollectionStore::find(const Json& pk) const {
  if (table_->options().pk.empty() || !is_key(pk)) return std::optional<Document>();
  return find_document(*table_, table_->sql().by_pk, key_text(pk));
}

Result<std::optional<Document>> CollectionStore::find_key(const Json& key) const {
  if (!is_key(key)) return std::optional<Document>();
  return find_document(*table_, table_->sql().by_key, key_text(key));
}

Result<std::optional<Tombstone>> CollectionStore::find_tombstone(const Json& key) const {
  std::optional<Tombstone> tombstone;
  if (!is_key(key)) return tombstone;
  const auto found = table_->core().read([&](Session& session) -> Result<void> {
    const std::string text = key_text(key);
    auto statement = session.prepared(table_->sql().tombstone);
    if (!statement) return statement.error();
    sqlite::Query query(**statement, text);
    const auto row = query.step();
    if (!row) return row.error();
    if (*row) tombstone = Tombstone{text, {query.integer(0), /*is_deletion=*/true, {}}};
    return {};
  });
  if (!found) return found.error();
  return tombstone;
}

void CollectionStore::touch(std::span<const Document> documents) {
  if (!table_->evicts()) return;
  const std::int64_t now = to_epoch_millis(table_->ports().clock.wall_now());
  bool is_much = false;
  for (const Document& document : documents) is_much = table_->note_access(document.row, now);
  if (!is_much) return;
  // What cannot be written must not stop reading.
  static_cast<void>(evict());
}

Result<std::size_t> CollectionStore::evict() {
  std::size_t count = 0;
  const auto written = write(*table_, [&](TableWriter& writer) -> Result<void> {
    const auto evicted = writer.evict();
    if (!evicted) return evicted.error();
    count = *evicted;
    return {};
  });
  if (!written) return written.error();
  return count;
}

}  // namespace spreadable::documents
