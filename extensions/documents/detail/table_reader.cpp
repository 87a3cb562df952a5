#include "extensions/documents/detail/table_reader.h"

#include <algorithm>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/detail/field_scan.h"

namespace spreadable::documents::detail {
namespace {

// How much processor time a filter may take: as much as the worst ones need that are no attack, and
// 200 ms for 10,000 documents of 300 bytes. Source: reliability S19.
constexpr Duration kWorkBase = Millis{50};
constexpr Duration kWorkPerDocument = std::chrono::microseconds{10};
constexpr Duration kWorkPerByte{15};

constexpr std::size_t kClockInterval = 16;  ///< documents between two looks at the clocks
/// An index is used when it leaves at most a tenth of the documents, or this many.
constexpr std::int64_t kIndexedAlways = 1'000;
constexpr std::int64_t kIndexedShare = 10;

Result<void> read_rows(sqlite::Query& query, std::vector<std::int64_t>& rows) {
  while (true) {
    const auto found = query.step();
    if (!found) return found.error();
    if (!*found) return {};
    rows.push_back(query.integer(0));
  }
}

/// Calls `use` with a query whose first parameters are `field` and the ends of `range`.
template <class Use, class... More>
Result<void> with_range(Session& session, const std::string& sql, const IndexRange& range,
                        const Use& use, const More&... more) {
  auto statement = session.prepared(sql);
  if (!statement) return statement.error();
  const IndexKey& low = range.low;
  const IndexKey& high = range.high;
  const auto run = [&](const auto& from, const auto& to) {
    sqlite::Query query(**statement, range.field, from, to, more...);
    return use(query);
  };
  if (!low.is_text && !high.is_text) return run(low.number, high.number);
  if (low.is_text && high.is_text)
    return run(std::string_view(low.text), std::string_view(high.text));
  return run(low.number, std::string_view(high.text));
}

}  // namespace

Cursor::Cursor(CollectionTable& table, const Filter& filter, Deadline deadline)
    : table_(table), filter_(filter), deadline_(deadline) {}

Result<void> Cursor::advance(const Visitor& visitor) {
  if (!is_prepared_) {
    if (auto prepared = prepare(); !prepared) return prepared;
  }
  Next next = is_at_end_ ? Next::stop : Next::pause;
  while (next == Next::pause && !is_at_end_) {
    const auto run = table_.core().read([&](Session& session) -> Result<void> {
      auto after_slice = run_slice(session, visitor);
      if (!after_slice) return after_slice.error();
      next = *after_slice;
      return {};
    });
    if (!run) return run;
  }
  return {};
}

Result<void> Cursor::prepare() {
  is_prepared_ = true;
  return table_.core().read([&](Session& session) -> Result<void> {
    auto rows = indexed_rows(session);
    if (!rows) return rows.error();
    rows_ = std::move(*rows);
    if (!rows_) return find_last_row(session);
    std::sort(rows_->begin(), rows_->end());
    rows_->erase(std::unique(rows_->begin(), rows_->end()), rows_->end());
    is_at_end_ = rows_->empty();
    return {};
  });
}

Result<std::optional<std::vector<std::int64_t>>> Cursor::indexed_rows(Session& session) {
  using Rows = std::optional<std::vector<std::int64_t>>;
  // Getters change what filters see.
  if (filter_.matches_everything() || table_.collection().has_getters()) return Rows();
  const auto plan = plan_of(*filter_.root(), table_.options());
  if (!plan) return Rows();
  std::int64_t left = std::max(kIndexedAlways, table_.totals().documents / kIndexedShare);
  for (const IndexRange& range : plan->ranges) {
    const auto counted = with_range(
        session, table_.sql().count_between, range,
        [&](sqlite::Query& query) -> Result<void> {
          const auto row = query.step();
          if (!row) return row.error();
          left -= query.integer(0);
          return {};
        },
        left + 1);
    if (!counted) return counted.error();
    if (left < 0) return Rows();
  }
  std::vector<std::int64_t> rows;
  for (const IndexRange& range : plan->ranges) {
    const auto read = with_range(session, table_.sql().rows_between, range,
                                 [&](sqlite::Query& query) { return read_rows(query, rows); });
    if (!read) return read.error();
  }
  auto statement = session.prepared(table_.sql().rows_of_pk);
  if (!statement) return statement.error();
  for (const PkPoint& point : plan->pks) {
    const auto text = point.text ? std::optional<std::string_view>(*point.text) : std::nullopt;
    sqlite::Query query(**statement, text, point.number);
    if (auto read = read_rows(query, rows); !read) return read.error();
  }
  return Rows(std::move(rows));
}

Result<void> Cursor::find_last_row(Session& session) {
  auto statement = session.prepared(table_.sql().last_row);
  if (!statement) return statement.error();
  sqlite::Query query(**statement);
  const auto found = query.step();
  if (!found) return found.error();
  last_ = query.integer(0);  // 0 for an empty table
  is_at_end_ = last_ == 0;
  return {};
}

Result<Cursor::Next> Cursor::run_slice(Session& session, const Visitor& visitor) {
  slice_begin_ = table_.ports().clock.now();
  slice_processor_begin_ = processor_time();
  auto next = rows_ ? look_up(session, visitor) : scan(session, visitor);
  processor_used_ += processor_time() - slice_processor_begin_;
  return next;
}

Result<Cursor::Next> Cursor::scan(Session& session, const Visitor& visitor) {
  auto statement = session.prepared(table_.sql().after_row);
  if (!statement) return statement.error();
  sqlite::Query query(**statement, after_);
  while (true) {
    const auto found = query.step();
    if (!found) return found.error();
    if (!*found || query.integer(0) > last_) {
      is_at_end_ = true;
      return Next::stop;
    }
    const RowView row = RowView::of(query);
    after_ = row.row;
    const Next next = offer(row, visitor);
    if (next != Next::go_on) return next;
  }
}

Result<Cursor::Next> Cursor::look_up(Session& session, const Visitor& visitor) {
  auto statement = session.prepared(table_.sql().by_row);
  if (!statement) return statement.error();
  while (next_ < rows_->size()) {
    sqlite::Query query(**statement, (*rows_)[next_++]);
    const auto found = query.step();
    if (!found) return found.error();
    if (!*found) continue;  // deleted meanwhile
    const Next next = offer(RowView::of(query), visitor);
    is_at_end_ = next_ == rows_->size();
    if (next != Next::go_on) return next;
  }
  is_at_end_ = true;
  return Next::stop;
}

Cursor::Next Cursor::offer(const RowView& row, const Visitor& visitor) {
  ++seen_;
  bytes_seen_ += row.fields.size();
  if (!row.is_intact()) {
    // It is not shown, and whoever looks after the store hears of it.
    table_.core().note(row.document().error());
  } else if (matches(row) && !visitor(row)) {
    return Next::stop;
  }
  return seen_ % kClockInterval == 0 ? check_time() : Next::go_on;
}

bool Cursor::matches(const RowView& row) const {
  if (filter_.matches_everything()) return true;
  const Collection& collection = table_.collection();
  if (!collection.has_getters()) return filter_.matches(scan_fields(row.fields, filter_.names()));
  const auto document = row.document();
  return document && filter_.matches(collection.presented(document->fields));
}

Cursor::Next Cursor::check_time() {
  const TimePoint now = table_.ports().clock.now();
  const Duration work = processor_used_ + processor_time() - slice_processor_begin_;
  const Duration granted = kWorkBase + kWorkPerDocument * static_cast<Duration::rep>(seen_) +
                           kWorkPerByte * static_cast<Duration::rep>(bytes_seen_);
  if (now >= deadline_.at() || work > granted) {
    is_out_of_time_ = true;
    return Next::stop;
  }
  return now - slice_begin_ >= CollectionStore::kSlice ? Next::pause : Next::go_on;
}

Duration Cursor::processor_time() const {
  const auto& time = table_.ports().thread_time;
  return time ? time() : Duration::zero();
}

}  // namespace spreadable::documents::detail
