#include "extensions/documents/detail/collection_table.h"

#include <fmt/format.h>

#include <utility>

#include "extensions/documents/detail/reshape.h"

namespace spreadable::documents::detail {
namespace {

/// A row of the catalogue.
struct Catalogued {
  std::int64_t id = 0;
  std::string shape;
  Totals totals;
};

Result<std::optional<Catalogued>> find_collection(Session& session, const std::string& name) {
  auto statement =
      session.prepared("SELECT id, shape, documents, bytes FROM collections WHERE name = ?1");
  if (!statement) return statement.error();
  sqlite::Query query(**statement, name);
  const auto row = query.step();
  if (!row) return row.error();
  if (!*row) return std::optional<Catalogued>();
  return std::optional(
      Catalogued{query.integer(0), query.text(1), {query.integer(2), query.integer(3)}});
}

Result<void> make_collection(Session& session, const std::string& name, const std::string& shape) {
  auto put =
      session.run("INSERT INTO collections (name, shape, documents, bytes) VALUES (?1, ?2, 0, 0)",
                  std::string_view(name), std::string_view(shape));
  return put ? session.execute(create_tables_sql(session.last_row()).c_str()) : put;
}

}  // namespace

CollectionTable::CollectionTable(StoreCore& core, std::shared_ptr<const Collection> collection)
    : core_(core), collection_(std::move(collection)) {}

Result<void> CollectionTable::attach() {
  const std::string shape = shape_of(options());
  std::optional<Catalogued> own;
  const auto find = [&](Session& session) -> Result<void> {
    auto found = find_collection(session, collection_->name());
    if (!found) return found.error();
    own = std::move(*found);
    return {};
  };
  const auto attached = core_.write_alone({.run = [&](Session& session) -> Result<void> {
    if (auto found = find(session); !found || own) return found;
    if (auto made = make_collection(session, collection_->name(), shape); !made) return made;
    return find(session);
  }});
  if (!attached) return attached;
  id_ = own->id;
  sql_ = std::make_unique<const TableSql>(id_);
  publish(own->totals);
  if (own->shape == shape) return {};
  const auto deleted = reshape(*this);
  if (!deleted) return deleted.error();
  ports().logger.warn(fmt::format(
      "collection \"{}\": {} documents were brought in line with its options, {} could not be kept",
      collection_->name(), own->totals.documents, *deleted));
  const auto counted = core_.write_alone({.run = find});
  if (counted) publish(own->totals);
  return counted;
}

void CollectionTable::publish(const Totals& totals) {
  documents_ = totals.documents;
  bytes_ = totals.bytes;
}

bool CollectionTable::note_access(std::int64_t row, std::int64_t time) {
  const MutexLock lock(mutex_);
  accesses_[row] = time;
  return accesses_.size() >= kAccessesMax;
}

CollectionTable::Accesses CollectionTable::take_accesses() {
  const MutexLock lock(mutex_);
  return std::exchange(accesses_, {});
}

}  // namespace spreadable::documents::detail
