#include <algorithm>
#include <utility>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/detail/table_reader.h"
#include "extensions/documents/detail/table_writer.h"
#include "extensions/documents/wire.h"

namespace spreadable::documents {
namespace {

using detail::CollectionTable;
using detail::Cursor;
using detail::RowImage;
using detail::RowView;
using detail::Session;
using detail::StoredRow;
using detail::TableWriter;
using detail::Totals;
using MayChange = std::function<bool(const Document&)>;
using Outcome = CollectionStore::Outcome;

/// How often a document is looked at anew when others have changed it before we could.
constexpr int kAttemptsMax = 5;
/// Text of documents that a change holds in memory.
constexpr std::size_t kChunkBytesMax = 8 << 20;

/// Changes the documents that match a filter, some hundred by one commit. Documents are read and
/// worked on first, so that no function of the user runs inside a transaction; one that somebody
/// else has changed since is read again.
class Sweep {
 public:
  Sweep(CollectionTable& table, const Filter& filter, Deadline deadline)
      : table_(table), filter_(filter), cursor_(table, filter, deadline) {}
  virtual ~Sweep() = default;

  Result<Outcome> run(const MayChange& may_change) {
    while (!cursor_.is_at_end() && !cursor_.is_out_of_time()) {
      auto chunk = next_chunk(may_change);
      if (!chunk) return chunk.error();
      for (int attempt = 0; !chunk->empty() && attempt < kAttemptsMax; ++attempt) {
        if (auto changed = change(std::move(*chunk)); !changed) return changed.error();
        chunk = read_stale(may_change);
        if (!chunk) return chunk.error();
      }
      for (std::size_t i = 0; i < chunk->size(); ++i) refuse(busy());
    }
    outcome_.is_complete = cursor_.is_at_end();
    return std::move(outcome_);
  }

 protected:
  struct Item {
    Document before;
    RowImage after;  ///< as prepare() has left it
  };

  /// Works out what becomes of a document, outside of any transaction. An error refuses it.
  [[nodiscard]] virtual Result<void> prepare(Item& item) = 0;
  /// Changes a document. Refusals are Errc::logical, and leave it as it is.
  [[nodiscard]] virtual Result<Trace> apply(TableWriter& writer, const StoredRow& old,
                                            const Item& item) = 0;

  CollectionTable& table_;

 private:
  static Error busy() {
    return {Errc::overloaded, "a document was changed by others all the time", {}};
  }

  void refuse(const Error& error) {
    ++outcome_.refused;
    if (!outcome_.refusal) outcome_.refusal = error;
  }

  Result<std::vector<Document>> next_chunk(const MayChange& may_change) {
    std::vector<Document> chunk;
    std::size_t bytes = 0;
    const auto read = cursor_.advance([&](const RowView& row) {
      auto document = row.document();
      if (!document || (may_change && !may_change(*document))) return true;
      bytes += row.fields.size();
      chunk.push_back(std::move(*document));
      return chunk.size() < CollectionStore::kCommitDocumentsMax && bytes < kChunkBytesMax;
    });
    if (!read) return read.error();
    return chunk;
  }

  /// Documents that have been changed since they were read, if they still match.
  Result<std::vector<Document>> read_stale(const MayChange& may_change) {
    std::vector<Document> chunk;
    const auto read = table_.core().read([&](Session& session) -> Result<void> {
      auto statement = session.prepared(table_.sql().by_row);
      if (!statement) return statement.error();
      for (const std::int64_t stale : std::exchange(stale_, {})) {
        sqlite::Query query(**statement, stale);
        const auto found = query.step();
        if (!found) return found.error();
        if (!*found) continue;
        auto document = RowView::of(query).document();
        if (!document) return document.error();
        const bool is_wanted = filter_.matches(table_.collection().presented(document->fields)) &&
                               (!may_change || may_change(*document));
        if (is_wanted) chunk.push_back(std::move(*document));
      }
      return {};
    });
    if (!read) return read.error();
    return chunk;
  }

  Result<void> change(std::vector<Document> chunk) {
    std::vector<Item> items;
    for (Document& document : chunk) {
      Item item{std::move(document), {}};
      if (auto prepared = prepare(item); !prepared) {
        refuse(prepared.error());
      } else {
        items.push_back(std::move(item));
      }
    }
    if (items.empty()) return {};
    Totals totals;
    Outcome counted;
    std::vector<std::int64_t> stale;
    const auto written =
        table_.core().write({.run = [&](Session& session) -> Result<void> {
                               TableWriter writer(table_, session);
                               if (auto begun = writer.begin(); !begun) return begun;
                               for (const Item& item : items) {
                                 if (auto done = change_one(writer, item, counted, stale); !done)
                                   return done;
                               }
                               totals = writer.totals();
                               return writer.end();
                             },
                             .committed = [&] { table_.publish(totals); }});
    if (!written) return written;
    stale_ = std::move(stale);
    add(counted);
    return {};
  }

  Result<void> change_one(TableWriter& writer, const Item& item, Outcome& counted,
                          std::vector<std::int64_t>& stale) {
    const std::int64_t row = item.before.row;
    const auto now = writer.find_row(row);
    if (!now) return now.error();
    if (!*now || (*now)->document.revision != item.before.revision) {
      if (*now) stale.push_back(row);
      return {};
    }
    auto trace = apply(writer, **now, item);
    if (trace) {
      ++counted.changed;
      counted.traces.push_back(std::move(*trace));
    } else if (trace.error().code == Errc::logical) {
      ++counted.refused;
      if (!counted.refusal) counted.refusal = trace.error();
    } else {
      return trace.error();
    }
    return {};
  }

  void add(Outcome& counted) {
    outcome_.changed += counted.changed;
    outcome_.refused += counted.refused;
    if (!outcome_.refusal) outcome_.refusal = counted.refusal;
    for (Trace& trace : counted.traces) {
      if (outcome_.traces.size() == CollectionStore::kResultDocumentsMax) return;
      outcome_.traces.push_back(std::move(trace));
    }
  }

  const Filter& filter_;
  Cursor cursor_;
  Outcome outcome_;
  std::vector<std::int64_t> stale_;
};

class UpdateSweep final : public Sweep {
 public:
  UpdateSweep(CollectionTable& table, const ChangeQuery& query, const Json& change,
              Deadline deadline)
      : Sweep(table, query.filter, deadline), change_(change), replaces_(query.replaces) {}

 protected:
  Result<void> prepare(Item& item) override {
    const Collection& collection = table_.collection();
    const auto& ports = table_.ports();
    auto fields = collection.prepared(collection.changed(item.before.fields, change_, replaces_),
                                      &item.before.fields, ports.clock, ports.random);
    if (!fields) return fields.error();
    Document document = item.before;
    document.fields = std::move(*fields);
    const WallTime now = ports.clock.wall_now();
    document.revision.time =
        std::max<std::int64_t>(to_epoch_millis(now), document.revision.time + 1);
    document.updated_at = document.accessed_at = now;
    item.after = RowImage::of(collection, std::move(document));
    // What stays the same is no later state.
    Revision& revision = item.after.document.revision;
    if (revision.digest == item.before.revision.digest) revision = item.before.revision;
    return {};
  }

  Result<Trace> apply(TableWriter& writer, const StoredRow& old, const Item& item) override {
    const RowImage& image = item.after;
    if (image.pk) {
      const auto twin = writer.find_pk(*image.pk);
      if (!twin) return twin.error();
      if (*twin && (*twin)->document.row != old.document.row) {
        return Error{Errc::logical,
                     "another document has the primary key " + *image.pk + " already",
                     std::string(wire::kPkExists)};
      }
    }
    if (auto replaced = writer.replace(old, image); !replaced) return replaced.error();
    return Trace{image.key, image.document.revision};
  }

 private:
  const Json& change_;
  const bool replaces_;
};

class RemovalSweep final : public Sweep {
 public:
  using Sweep::Sweep;

 protected:
  Result<void> prepare(Item& /*item*/) override { return {}; }

  Result<Trace> apply(TableWriter& writer, const StoredRow& old, const Item& /*item*/) override {
    const std::string key = key_text(old.document.key);
    const std::int64_t now = to_epoch_millis(table_.ports().clock.wall_now());
    const std::int64_t time = std::max(now, old.document.revision.time + 1);
    if (auto removed = writer.remove(old); !removed) return removed.error();
    if (auto buried = writer.bury(key, time); !buried) return buried.error();
    return Trace{key, {time, /*is_deletion=*/true, {}}};
  }
};

}  // namespace

Result<CollectionStore::Outcome> CollectionStore::update(const ChangeQuery& query,
                                                         const Json& change, Deadline deadline,
                                                         const MayChange& may_change) {
  return UpdateSweep(*table_, query, change, deadline).run(may_change);
}

Result<CollectionStore::Outcome> CollectionStore::remove(const Filter& filter, Deadline deadline,
                                                         const MayChange& may_change) {
  return RemovalSweep(*table_, filter, deadline).run(may_change);
}

}  // namespace spreadable::documents
