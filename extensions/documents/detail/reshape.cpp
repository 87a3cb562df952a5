#include "extensions/documents/detail/reshape.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "extensions/documents/detail/row.h"
#include "extensions/documents/detail/table_writer.h"

namespace spreadable::documents::detail {
namespace {

/// Raised when tables of an older version have to be filled in another way.
constexpr int kShapeVersion = 1;
constexpr std::size_t kChunk = 1'000;  ///< documents of one commit

constexpr const char* kDropIndices = R"sql(
  DROP INDEX IF EXISTS documents_{0}_key;
  DROP INDEX IF EXISTS documents_{0}_pk;
  DROP INDEX IF EXISTS documents_{0}_odd_pk;
  DROP INDEX IF EXISTS documents_{0}_rank;
  DELETE FROM entries_{0};
)sql";

/// Of those with one key the one with the greatest revision stays. Each index is made twice: the
/// first one finds twins, and the last one keeps them out.
constexpr const char* kMakeIndices = R"sql(
  CREATE INDEX twins_{0}_key ON documents_{0} (key, time, digest);
  DELETE FROM documents_{0} WHERE row IN (
    SELECT a.row FROM documents_{0} a JOIN documents_{0} b ON b.key = a.key AND
    (b.time, b.digest, b.row) > (a.time, a.digest, a.row));
  DROP INDEX twins_{0}_key;
  CREATE INDEX twins_{0}_pk ON documents_{0} (pk, time, digest) WHERE pk IS NOT NULL;
  DELETE FROM documents_{0} WHERE row IN (
    SELECT a.row FROM documents_{0} a JOIN documents_{0} b ON b.pk = a.pk AND
    (b.time, b.digest, b.row) > (a.time, a.digest, a.row));
  DROP INDEX twins_{0}_pk;
  DELETE FROM entries_{0} WHERE row NOT IN (SELECT row FROM documents_{0});
  CREATE UNIQUE INDEX documents_{0}_key ON documents_{0} (key);
  CREATE UNIQUE INDEX documents_{0}_pk ON documents_{0} (pk) WHERE pk IS NOT NULL;
  CREATE INDEX documents_{0}_odd_pk ON documents_{0} (odd_pk) WHERE odd_pk IS NOT NULL;
  CREATE INDEX documents_{0}_rank ON documents_{0} (rank) WHERE rank IS NOT NULL;
)sql";

std::string text(const char* form, std::int64_t id) {
  return fmt::format(fmt::runtime(form), id);
}

/// Goes through the documents of a table, a chunk at a time.
class Reshaping {
 public:
  explicit Reshaping(CollectionTable& table) : table_(table) {}

  Result<std::size_t> run() {
    const std::int64_t id = table_.id();
    auto done = write([&](Session& session) -> Result<void> {
      auto begun = session.run("UPDATE collections SET shape = x'' WHERE id = ?1", id);
      return begun ? session.execute(text(kDropIndices, id).c_str()) : begun;
    });
    while (done && !is_at_end_) done = write([&](Session& session) { return run_chunk(session); });
    if (done) done = write([&](Session& session) { return finish(session); });
    if (!done) return done.error();
    return deleted_;
  }

 private:
  Result<void> write(std::function<Result<void>(Session&)> run) {
    return table_.core().write_alone({.run = std::move(run)});
  }

  Result<std::vector<StoredRow>> next_rows(Session& session) {
    auto statement = session.prepared(table_.sql().after_row);
    if (!statement) return statement.error();
    std::vector<StoredRow> rows;
    sqlite::Query query(**statement, last_);
    while (rows.size() < kChunk) {
      const auto found = query.step();
      if (!found) return found.error();
      if (!*found) {
        is_at_end_ = true;
        break;
      }
      const RowView view = RowView::of(query);
      last_ = view.row;
      auto document = view.document();
      if (!document) return document.error();
      rows.push_back({std::move(*document), view.bytes});
    }
    return rows;
  }

  Result<void> run_chunk(Session& session) {
    auto rows = next_rows(session);
    if (!rows) return rows.error();
    for (StoredRow& row : *rows) {
      if (auto changed = fill(session, std::move(row.document)); !changed) return changed;
    }
    return {};
  }

  Result<void> fill(Session& session, Document document) {
    const std::int64_t row = document.row;
    const Collection& collection = table_.collection();
    const std::string& key_field = collection.options().duplication_key;
    const auto own_key = document.fields.find(key_field);
    if (own_key != document.fields.end()) document.key = *own_key;
    const bool has_key = document.key.is_string() || document.key.is_number();
    const Json* const pk = collection.pk_of(document.fields);
    const bool has_pk =
        collection.options().pk.empty() || (pk != nullptr && (pk->is_string() || pk->is_number()));
    if (!has_key || !has_pk) {
      ++deleted_;
      return session.run(table_.sql().remove, row);
    }
    const RowImage image = RowImage::of(collection, std::move(document));
    return write_image(session, image);
  }

  Result<void> write_image(Session& session, const RowImage& image) {
    const Document& document = image.document;
    const auto view = [](const std::optional<std::string>& value) {
      return value ? std::optional<std::string_view>(*value) : std::nullopt;
    };
    auto written = session.run(
        text("UPDATE documents_{0} SET bytes = ?2, key = ?3, is_number = ?4, pk = ?5, odd_pk = ?6, "
             "rank = ?7, digest = ?8 WHERE row = ?1",
             table_.id()),
        document.row, image.bytes, std::string_view(image.key), document.key.is_number(),
        view(image.pk), image.odd_pk, view(image.rank), std::string_view(document.revision.digest));
    if (!written) return written;
    TableWriter writer(table_, session);
    return writer.write_entries(table_.sql().add_entry, writer.entries_of(document.fields),
                                document.row);
  }

  Result<void> finish(Session& session) {
    const std::int64_t id = table_.id();
    const auto before = count(session);
    if (!before) return before.error();
    if (auto made = session.execute(text(kMakeIndices, id).c_str()); !made) return made;
    const auto after = count(session);
    if (!after) return after.error();
    deleted_ += static_cast<std::size_t>(*before - *after);
    return session.run(text("UPDATE collections SET shape = ?2, "
                            "documents = (SELECT count(*) FROM documents_{0}), "
                            "bytes = (SELECT ifnull(sum(bytes), 0) FROM documents_{0}) "
                            "WHERE id = ?1",
                            id),
                       id, std::string_view(shape_of(table_.options())));
  }

  Result<std::int64_t> count(Session& session) {
    auto statement = session.prepared(text("SELECT count(*) FROM documents_{0}", table_.id()));
    if (!statement) return statement.error();
    sqlite::Query query(**statement);
    const auto row = query.step();
    if (!row) return row.error();
    return query.integer(0);
  }

  CollectionTable& table_;
  std::int64_t last_ = 0;
  bool is_at_end_ = false;
  std::size_t deleted_ = 0;
};

}  // namespace

std::string shape_of(const CollectionOptions& options) {
  Json indices = Json::array();
  for (const FieldPath& path : options.indices) indices.push_back(path.text());
  Json order = Json::array();
  const bool evicts = options.limit > 0 || options.bytes_max > 0;
  for (const auto& rule : options.eviction_order) {
    if (evicts) order.push_back({rule.path.text(), rule.is_descending});
  }
  return dump_json({{"version", kShapeVersion},
                    {"pk", options.pk},
                    {"duplicationKey", options.duplication_key},
                    {"indices", indices},
                    {"order", order}});
}

Result<std::size_t> reshape(CollectionTable& table) {
  return Reshaping(table).run();
}

}  // namespace spreadable::documents::detail
