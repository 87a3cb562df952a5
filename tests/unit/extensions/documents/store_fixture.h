// A store of one collection, on a disk or in memory, with a clock that stands still.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/document_store.h"
#include "services/system/system_random.h"
#include "tests/support/fake_logger.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace spreadable::documents {

class StoreFixture {
 public:
  enum class Place { disk, memory };

  explicit StoreFixture(Place place, CollectionOptions initial = {})
      : options(std::move(initial)),
        disk_(place == Place::memory ? std::make_shared<MemoryDisk>() : nullptr) {
    open();
  }

  /// Closes the store and opens it again, with the options as they are now.
  void open() {
    store_.reset();
    const DocumentStore::Ports ports{clock, random, logger};
    auto opened = disk_ ? DocumentStore::open(disk_, ports)
                        : DocumentStore::open(folder(), {.readers = 2}, ports);
    REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().message));
    store_ = std::move(*opened);
    const auto added = store_->add(std::make_shared<const Collection>("things", options));
    REQUIRE_MESSAGE(added, (added ? "" : added.error().message));
  }
  void close() { store_.reset(); }

  [[nodiscard]] DocumentStore& store() { return *store_; }
  [[nodiscard]] CollectionStore& things() { return *store_->find("things"); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  [[nodiscard]] Deadline soon() const { return Deadline::after(clock, std::chrono::seconds{10}); }

  Document add(const Json& fields) {
    auto added = things().add({.fields = fields});
    REQUIRE_MESSAGE(added, (added ? "" : added.error().message));
    return *added;
  }

  /// The fields of the documents that match, in order of rows, without the pk unless it is asked
  /// for.
  std::string found(const Json& filter = nullptr) {
    Json all = Json::array();
    const auto visited = things().visit(Filter::parse(filter).value(), soon(), [&](Document& one) {
      all.push_back(one.fields);
      return true;
    });
    REQUIRE_MESSAGE(visited, (visited ? "" : visited.error().message));
    CHECK(*visited);
    return dump_json(all);
  }

  ManualClock clock;
  SeededRandom random{1};
  FakeLogger logger;
  CollectionOptions options;

 private:
  TempDir folder_;
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<DocumentStore> store_;
};

/// Runs `check` with a store on a disk, and with one in memory.
inline void in_both_places(const CollectionOptions& options,
                           const std::function<void(StoreFixture&)>& check) {
  for (const auto place : {StoreFixture::Place::disk, StoreFixture::Place::memory}) {
    const bool is_disk = place == StoreFixture::Place::disk;
    INFO((is_disk ? "on a disk" : "in memory"));
    StoreFixture fixture(place, options);
    check(fixture);
  }
}

inline CollectionOptions with_pk() {
  CollectionOptions options;
  options.pk = "id";
  return options;
}

}  // namespace spreadable::documents
