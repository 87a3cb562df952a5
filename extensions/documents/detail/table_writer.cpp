#include "extensions/documents/detail/table_writer.h"

#include <algorithm>

#include "extensions/documents/wire.h"

namespace spreadable::documents::detail {
namespace {

constexpr const char* kReadTotals = "SELECT documents, bytes FROM collections WHERE id = ?1";
constexpr const char* kWriteTotals =
    "UPDATE collections SET documents = ?2, bytes = ?3 WHERE id = ?1";
/// Documents removed between two looks at the limits.
constexpr std::int64_t kEvictedAtOnce = 1'000;

Result<std::optional<StoredRow>> row_of(sqlite::Query& query) {
  const auto found = query.step();
  if (!found) return found.error();
  if (!*found) return std::optional<StoredRow>();
  const RowView view = RowView::of(query);
  auto document = view.document();
  if (!document) return document.error();
  return std::optional(StoredRow{std::move(*document), view.bytes});
}

/// Runs a statement whose parameters are the columns of `image`, then `last`.
template <class... Last>
Result<void> write_row(Session& session, const std::string& sql, const RowImage& image,
                       const Last&... last) {
  const Document& document = image.document;
  const auto view = [](const std::optional<std::string>& text) {
    return text ? std::optional<std::string_view>(*text) : std::nullopt;
  };
  return session.run(sql, document.revision.time, to_epoch_millis(document.created_at),
                     to_epoch_millis(document.updated_at), to_epoch_millis(document.accessed_at),
                     image.bytes, std::string_view(image.key), document.key.is_number(),
                     view(image.pk), image.odd_pk, view(image.rank),
                     std::string_view(document.owner), std::string_view(document.revision.digest),
                     std::string_view(image.fields), last...);
}

}  // namespace

Result<void> TableWriter::begin() {
  {
    auto statement = session_.prepared(kReadTotals);
    if (!statement) return statement.error();
    sqlite::Query query(**statement, table_.id());
    const auto row = query.step();
    if (!row) return row.error();
    if (!*row) return Error{Errc::damaged, "a collection is missing from its catalogue", {}};
    totals_ = totals_before_ = {query.integer(0), query.integer(1)};
  }
  for (const auto& [row, time] : table_.take_accesses()) {
    if (auto written = write_access(row, time); !written) return written;
  }
  return {};
}

Result<void> TableWriter::end() {
  // Without this, a commit that has changed nothing would wait for the disk.
  if (totals_ == totals_before_) return {};
  return session_.run(kWriteTotals, table_.id(), totals_.documents, totals_.bytes);
}

Result<std::optional<StoredRow>> TableWriter::find_row(std::int64_t row) {
  auto statement = session_.prepared(sql_.by_row);
  if (!statement) return statement.error();
  sqlite::Query query(**statement, row);
  return row_of(query);
}

Result<std::optional<StoredRow>> TableWriter::find(const std::string& sql, std::string_view key) {
  auto statement = session_.prepared(sql);
  if (!statement) return statement.error();
  sqlite::Query query(**statement, key);
  return row_of(query);
}

Result<std::optional<StoredRow>> TableWriter::find_key(std::string_view key) {
  return find(sql_.by_key, key);
}

Result<std::optional<StoredRow>> TableWriter::find_pk(std::string_view pk) {
  return find(sql_.by_pk, pk);
}

Result<std::optional<std::int64_t>> TableWriter::find_tombstone(std::string_view key) {
  auto statement = session_.prepared(sql_.tombstone);
  if (!statement) return statement.error();
  sqlite::Query query(**statement, key);
  const auto row = query.step();
  if (!row) return row.error();
  return *row ? std::optional(query.integer(0)) : std::nullopt;
}

Result<void> TableWriter::insert(RowImage& image) {
  if (auto written = write_row(session_, sql_.insert, image); !written) return written;
  image.document.row = session_.last_row();
  totals_.documents += 1;
  totals_.bytes += static_cast<std::int64_t>(image.bytes);
  return write_entries(sql_.add_entry, entries_of(image.document.fields), image.document.row);
}

Result<void> TableWriter::replace(const StoredRow& old, const RowImage& image) {
  const std::int64_t row = old.document.row;
  if (auto written = write_row(session_, sql_.replace, image, row); !written) return written;
  totals_.bytes += static_cast<std::int64_t>(image.bytes) - old.bytes;
  if (old.document.fields == image.document.fields) return {};
  auto removed = write_entries(sql_.remove_entry, entries_of(old.document.fields), row);
  if (!removed) return removed;
  return write_entries(sql_.add_entry, entries_of(image.document.fields), row);
}

Result<void> TableWriter::remove(const StoredRow& old) {
  const std::int64_t row = old.document.row;
  if (auto removed = session_.run(sql_.remove, row); !removed) return removed;
  totals_.documents -= 1;
  totals_.bytes -= old.bytes;
  return write_entries(sql_.remove_entry, entries_of(old.document.fields), row);
}

Result<void> TableWriter::bury(std::string_view key, std::int64_t time) {
  return session_.run(sql_.bury, key, time);
}

Result<void> TableWriter::dig_up(std::string_view key) {
  return session_.run(sql_.dig_up, key);
}

TableWriter::Entries TableWriter::entries_of(const Json& fields) const {
  Entries entries;
  const Value document = Value::of(fields);
  const auto& indices = table_.options().indices;
  for (std::size_t field = 0; field < indices.size(); ++field) {
    const Value value = get(document, indices[field]);
    if (value.kind != Kind::undefined) entries.emplace_back(field, IndexKey::of(value));
  }
  return entries;
}

Result<void> TableWriter::write_entries(const std::string& sql, const Entries& entries,
                                        std::int64_t row) {
  for (const auto& [field, key] : entries) {
    const auto written = key.is_text ? session_.run(sql, field, std::string_view(key.text), row)
                                     : session_.run(sql, field, key.number, row);
    if (!written) return written;
  }
  return {};
}

Result<void> TableWriter::write_access(std::int64_t row, std::int64_t time) {
  const auto& order = table_.options().eviction_order;
  const bool is_plain = order.size() == 1 && order.front().path.text() == wire::kAccessedAt;
  Document document{.row = row, .accessed_at = WallTime(Millis(time))};
  if (!is_plain) {  // other fields have a say as well
    auto stored = find_row(row);
    if (!stored) return stored.error();
    if (!*stored) return {};
    const WallTime accessed_at = document.accessed_at;
    document = std::move((*stored)->document);
    document.accessed_at = accessed_at;
  }
  const auto rank = RowImage::rank_of(table_.collection(), document);
  if (!rank) return {};
  return session_.run(sql_.access, row, time, std::string_view(*rank));
}

Result<std::vector<StoredRow>> TableWriter::first_to_go(std::int64_t count) {
  std::vector<StoredRow> rows;
  auto statement = session_.prepared(sql_.first_by_rank);
  if (!statement) return statement.error();
  sqlite::Query query(**statement, std::min(count, kEvictedAtOnce));
  while (true) {
    auto row = row_of(query);
    if (!row) return row.error();
    if (!*row) return rows;
    rows.push_back(std::move(**row));
  }
}

Result<std::size_t> TableWriter::evict() {
  const auto limit = static_cast<std::int64_t>(table_.options().limit);
  const auto bytes_max = static_cast<std::int64_t>(table_.options().bytes_max);
  std::size_t evicted = 0;
  while (true) {
    const std::int64_t surplus = limit > 0 ? totals_.documents - limit : 0;
    const bool is_too_large = bytes_max > 0 && totals_.bytes > bytes_max;
    if (surplus <= 0 && !is_too_large) return evicted;
    auto rows = first_to_go(surplus > 0 ? surplus : 16);
    if (!rows) return rows.error();
    if (rows->empty()) return evicted;
    for (const StoredRow& row : *rows) {
      const bool is_enough = (limit == 0 || totals_.documents <= limit) &&
                             (bytes_max == 0 || totals_.bytes <= bytes_max);
      if (is_enough) return evicted;
      if (auto removed = remove(row); !removed) return removed.error();
      ++evicted;
    }
  }
}

}  // namespace spreadable::documents::detail
