#include "extensions/documents/document_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/detail/collection_table.h"
#include "extensions/documents/detail/scrub.h"
#include "extensions/documents/detail/store_core.h"

namespace spreadable::documents {

using detail::CollectionTable;
using detail::Session;
using detail::StoreCore;

/// A collection that add() has made known. Parts of it never move.
struct DocumentStore::Shelf {
  CollectionTable* table;
  std::unique_ptr<CollectionStore> store;
};

DocumentStore::DocumentStore(std::unique_ptr<StoreCore> core)
    : core_(std::move(core)), scrub_(std::make_unique<detail::Scrub>()) {}

DocumentStore::~DocumentStore() {
  // Accesses may lag, but need not be lost when there is time to write them.
  for (const Shelf& shelf : shelves_) {
    if (shelf.table->evicts()) static_cast<void>(shelf.store->evict());
  }
}

Result<std::unique_ptr<DocumentStore>> DocumentStore::open(const std::filesystem::path& folder,
                                                           const Options& options,
                                                           const Ports& ports) {
  auto core = StoreCore::open({.folder = folder, .disk = nullptr, .options = options}, ports);
  if (!core) return core.error();
  return std::unique_ptr<DocumentStore>(new DocumentStore(std::move(*core)));
}

Result<std::unique_ptr<DocumentStore>> DocumentStore::open(std::shared_ptr<MemoryDisk> disk,
                                                           const Ports& ports) {
  auto core = StoreCore::open({.folder = {}, .disk = std::move(disk)}, ports);
  if (!core) return core.error();
  return std::unique_ptr<DocumentStore>(new DocumentStore(std::move(*core)));
}

Result<void> DocumentStore::add(std::shared_ptr<const Collection> collection) {
  if (find(collection->name()) != nullptr) {
    return Error{Errc::invalid_argument,
                 fmt::format("collection \"{}\" is open already", collection->name()),
                 {}};
  }
  if (shelves_.size() >= kCollectionsMax) {
    return Error{
        Errc::invalid_argument, fmt::format("more than {} collections", kCollectionsMax), {}};
  }
  auto table = std::make_unique<CollectionTable>(*core_, std::move(collection));
  auto attached = core_->alone([&] { return table->attach(); });
  if (!attached && attached.error().code == Errc::damaged) {
    if (auto renewed = renew(); !renewed) return renewed;
    attached = core_->alone([&] { return table->attach(); });
  }
  if (!attached) return attached;
  CollectionTable* const place = table.get();
  shelves_.push_back({place, std::make_unique<CollectionStore>(std::move(table))});
  return {};
}

CollectionStore* DocumentStore::find(std::string_view name) const {
  for (const Shelf& shelf : shelves_) {
    if (shelf.store->collection().name() == name) return shelf.store.get();
  }
  return nullptr;
}

std::vector<std::string> DocumentStore::names() const {
  std::vector<std::string> names;
  for (const Shelf& shelf : shelves_) names.push_back(shelf.store->collection().name());
  return names;
}

Result<std::vector<std::string>> DocumentStore::drop_others() {
  std::vector<std::string> dropped;
  const auto written = core_->write({.run = [&](Session& session) -> Result<void> {
    std::map<std::string, std::int64_t> others;
    {
      auto statement = session.prepared("SELECT id, name FROM collections ORDER BY name");
      if (!statement) return statement.error();
      sqlite::Query query(**statement);
      auto row = query.step();
      for (; row && *row; row = query.step()) others.emplace(query.text(1), query.integer(0));
      if (!row) return row.error();
    }
    for (const auto& [name, id] : others) {
      if (find(name) != nullptr) continue;
      if (auto tables = session.execute(detail::drop_tables_sql(id).c_str()); !tables)
        return tables;
      auto row = session.run("DELETE FROM collections WHERE id = ?1", id);
      if (!row) return row;
      dropped.push_back(name);
    }
    return {};
  }});
  if (!written) return written.error();
  return dropped;
}

Result<void> DocumentStore::maintain() {
  const std::int64_t now = to_epoch_millis(core_->ports().clock.wall_now());
  for (const Shelf& shelf : shelves_) {
    const auto evicted = shelf.store->evict();
    if (!evicted) return evicted.error();
    const detail::TableSql& sql = shelf.table->sql();
    const auto forgotten = core_->write({.run = [&](Session& session) -> Result<void> {
      auto old = session.run(sql.tombstones_before, now - kTombstoneLifetime.count());
      return old ? session.run(sql.tombstones_beyond, kTombstonesMax) : old;
    }});
    if (!forgotten) return forgotten;
  }
  return {};
}

bool DocumentStore::needs_rebuild() const {
  const auto needs = core_->needs_rebuild();
  return !needs || *needs;  // whoever cannot read that may have lost more
}

Result<void> DocumentStore::set_rebuilt() {
  return core_->write(StoreCore::rebuild_change(false));
}

bool DocumentStore::is_damaged() const {
  return core_->is_damaged();
}

Result<void> DocumentStore::renew() {
  return core_->renew([&]() -> Result<void> {
    for (const Shelf& shelf : shelves_) {
      if (auto attached = shelf.table->attach(); !attached) return attached;
    }
    return {};
  });
}

Result<bool> DocumentStore::scrub(Duration slice) {
  std::vector<CollectionTable*> tables;
  for (const Shelf& shelf : shelves_) tables.push_back(shelf.table);
  return scrub_->run(tables, Deadline::after(core_->ports().clock, slice));
}

}  // namespace spreadable::documents
