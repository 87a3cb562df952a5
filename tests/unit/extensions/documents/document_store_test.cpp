#include "extensions/documents/document_store.h"

#include <thread>

#include "store_fixture.h"
#include "tests/support/database_files.h"

namespace spreadable::documents {
namespace {

constexpr auto kDisk = StoreFixture::Place::disk;

std::filesystem::path file_of(const StoreFixture& fixture) {
  return fixture.folder() / DocumentStore::kFileName;
}

/// Documents `{"id": "0", "n": 0}` and so on.
void fill(StoreFixture& fixture, int count) {
  for (int i = 0; i < count; ++i) {
    fixture.add({{"id", std::to_string(i)}, {"n", i}, {"text", std::string(200, 'x')}});
  }
}

}  // namespace

TEST_CASE(
    "document store: collections: known by name, kept apart, dropped when nobody knows them") {
  in_both_places({}, [](StoreFixture& fixture) {
    const auto other = std::make_shared<const Collection>("others", CollectionOptions());
    REQUIRE(fixture.store().add(other));
    CHECK(fixture.store().add(other).error().code == Errc::invalid_argument);
    CHECK(fixture.store().names() == std::vector<std::string>{"things", "others"});
    CHECK(fixture.store().find("nobody") == nullptr);
    fixture.add({{"n", 1}});
    REQUIRE(fixture.store().find("others")->add({.fields = {{"n", 2}}}));
    CHECK(fixture.found() == R"([{"n":1}])");
    CHECK(fixture.store().drop_others()->empty());
    fixture.open();
    CHECK(fixture.store().drop_others().value() == std::vector<std::string>{"others"});
    REQUIRE(fixture.store().add(other));
    CHECK(fixture.store().find("others")->count() == 0);
    CHECK(fixture.found() == R"([{"n":1}])");
  });
}

TEST_CASE("document store: options: a table is brought in line when they change") {
  in_both_places({}, [](StoreFixture& fixture) {
    fixture.add({{"id", "a"}, {"n", 1}});
    fixture.clock.advance(Millis{1});
    fixture.add({{"id", "a"}, {"n", 2}});
    fixture.add({{"id", "b"}, {"n", 3}});
    fixture.add({{"n", 4}});
    fixture.options.pk = "id";
    fixture.options.indices = {FieldPath("n")};
    fixture.open();
    CHECK(fixture.found() == R"([{"id":"a","n":2},{"id":"b","n":3}])");
    CHECK(fixture.things().find("a").value()->fields.at("n") == 2);
    CHECK(fixture.found({{"n", 3}}) == R"([{"id":"b","n":3}])");
    CHECK(fixture.things().count() == 2);
    CHECK(
        fixture.logger.contains("4 documents were brought in line with its options, 2 could not"));
    fixture.options.indices = {};
    fixture.options.limit = 1;
    fixture.options.eviction_order = {{FieldPath("n"), true}};
    fixture.open();
    CHECK(fixture.things().evict().value() == 1);
    CHECK(fixture.found({{"n", {{"$gt", 0}}}}) == R"([{"id":"a","n":2}])");
    fixture.options = {};
    fixture.options.duplication_key = "id";
    fixture.open();
    CHECK(fixture.things().find_key("a").value());
  });
}

TEST_CASE("document store: maintenance: old tombstones are forgotten, young ones are not") {
  in_both_places({}, [](StoreFixture& fixture) {
    const Document old = fixture.add({{"n", 1}});
    REQUIRE(fixture.things().remove({}, fixture.soon()));
    fixture.clock.advance(DocumentStore::kTombstoneLifetime);
    const Document young = fixture.add({{"n", 2}});
    REQUIRE(fixture.things().remove({}, fixture.soon()));
    fixture.clock.advance(Millis{10});
    REQUIRE(fixture.store().maintain());
    CHECK_FALSE(fixture.things().find_tombstone(old.key).value());
    CHECK(fixture.things().find_tombstone(young.key).value());
  });
}

TEST_CASE("document store: threads: many write and read at a time, and everything is there") {
  StoreFixture fixture(kDisk, with_pk());
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::atomic<int> failures = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const std::string id = std::to_string(thread) + "-" + std::to_string(i);
        const auto added = fixture.things().add({.fields = {{"id", id}, {"n", i}}});
        const auto found = fixture.things().find(id);
        if (!added || !found || !*found) ++failures;
        const auto counted = fixture.things().select_keys({}, fixture.soon());
        if (!counted || counted->keys.size() < static_cast<std::size_t>(i)) ++failures;
      }
    });
  }
  threads.clear();
  CHECK(failures == 0);
  CHECK(fixture.things().count() == kThreads * kEach);
  const auto total = fixture.things().bytes();
  fixture.open();
  CHECK(fixture.things().count() == kThreads * kEach);
  CHECK(fixture.things().bytes() == total);
}

TEST_CASE("document store: threads: changes of one document do not get lost") {
  StoreFixture fixture(kDisk, with_pk());
  fixture.options.setters["n"] = [](const FieldContext& field) -> std::optional<Json> {
    return field.previous == nullptr ? 0 : field.previous->at("n").get<int>() + 1;
  };
  fixture.open();
  fixture.add({{"id", "a"}});
  std::atomic<std::size_t> changed = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const auto outcome = fixture.things().update({}, {{"m", i}}, fixture.soon());
        if (outcome) changed += outcome->changed;
      }
    });
  }
  threads.clear();
  CHECK(fixture.things().find("a").value()->fields.at("n") == changed.load());
}

TEST_CASE("document store: open: the file of a newer version is left as it is") {
  StoreFixture fixture(kDisk);
  fixture.close();
  execute(file_of(fixture), "PRAGMA user_version = 9; PRAGMA application_id = 0x53504409");
  const auto store =
      DocumentStore::open(fixture.folder(), {}, {fixture.clock, fixture.random, fixture.logger});
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Errc::io);
  CHECK(store.error().message.find("made by a newer version") != std::string::npos);
  CHECK(fixture.logger.records().empty());
}

TEST_CASE("document store: damage: what can still be read is taken over into a new file") {
  StoreFixture fixture(kDisk, with_pk());
  fill(fixture, 300);
  REQUIRE(fixture.things().remove(Filter::parse({{"n", 299}}).value(), fixture.soon()));
  fixture.options.indices = {FieldPath("n")};
  fixture.open();
  CHECK_FALSE(fixture.store().needs_rebuild());
  fixture.close();
  // A page of zeros in the middle of the documents.
  std::string content = read_file(file_of(fixture));
  const std::size_t place = content.find("\"n\":150,");
  REQUIRE(place != std::string::npos);
  content.replace(place / 4096 * 4096, 4096, 4096, '\0');
  write_file(file_of(fixture), content);
  fixture.open();
  CHECK(fixture.store().needs_rebuild());
  CHECK(fixture.logger.count(LogLevel::error) == 1);
  CHECK(fixture.logger.contains("is damaged"));
  CHECK(fixture.things().count() >= 270);
  CHECK(fixture.things().count() < 299);
  CHECK(fixture.things().find("1").value()->fields.at("n") == 1);
  CHECK(fixture.things().find("298").value());
  CHECK_FALSE(fixture.things().find("150").value());
  CHECK(fixture.found({{"n", 7}}) != "[]");
  CHECK(fixture.things().traces("", 1'000)->size() ==
        fixture.things().count() + 1);  // the tombstone
  CHECK(std::filesystem::exists(file_of(fixture).string() + ".damaged-1"));
  fixture.open();
  CHECK(fixture.store().needs_rebuild());
  REQUIRE(fixture.store().set_rebuilt());
  fixture.open();
  CHECK_FALSE(fixture.store().needs_rebuild());
}

TEST_CASE("document store: damage: an altered document is not served, and is found") {
  StoreFixture fixture(kDisk, with_pk());
  fill(fixture, 20);
  fixture.close();
  std::string content = read_file(file_of(fixture));
  const std::size_t place = content.find("\"n\":7,");
  REQUIRE(place != std::string::npos);
  content[place + 4] = '8';  // SQLite cannot see this
  write_file(file_of(fixture), content);
  fixture.open();
  CHECK(fixture.logger.records().empty());
  CHECK(fixture.things().find("7").error().code == Errc::damaged);
  CHECK(fixture.store().is_damaged());
  CHECK(fixture.found({{"n", {{"$in", {6, 7, 8}}}}}).find("\"n\":7") == std::string::npos);
  CHECK(fixture.logger.count(LogLevel::error) == 1);
  CHECK(fixture.things().find("6").value());
  REQUIRE(fixture.store().renew());
  CHECK_FALSE(fixture.store().is_damaged());
  CHECK(fixture.store().needs_rebuild());
  CHECK(fixture.things().count() == 19);
  CHECK_FALSE(fixture.things().find("7").value());
  CHECK(fixture.things().add({.fields = {{"id", "7"}}}));
}

TEST_CASE("document store: scrub: goes through all collections in slices, and finds damage") {
  StoreFixture fixture(kDisk, with_pk());
  fill(fixture, 500);
  CHECK(fixture.store().scrub(std::chrono::seconds{1}).value());
  CHECK_FALSE(fixture.store().scrub(Duration::zero()).value());
  CHECK(fixture.store().scrub(std::chrono::seconds{1}).value());
  fixture.close();
  std::string content = read_file(file_of(fixture));
  content[content.find("\"n\":77,") + 4] = '8';
  write_file(file_of(fixture), content);
  fixture.open();
  CHECK(fixture.store().scrub(std::chrono::seconds{1}).error().code == Errc::damaged);
  CHECK(fixture.store().is_damaged());
}

TEST_CASE(
    "document store: damage: no damaged copy keeps a store from starting or serves a wrong "
    "document") {
  StoreFixture original(kDisk, with_pk());
  fill(original, 60);
  original.close();
  const std::string sample = read_file(file_of(original));
  Damager damager;
  for (int copy = 0; copy < 150; ++copy) {
    INFO("copy ", copy);
    StoreFixture fixture(kDisk, with_pk());
    fixture.close();
    write_file(file_of(fixture), damager.damaged(sample));
    fixture.open();
    for (int i = 0; i < 60; ++i) {
      const auto found = fixture.things().find(std::to_string(i));
      if (!found || !*found) continue;
      CHECK((*found)->fields.at("n") == i);
      CHECK((*found)->fields.at("text") == std::string(200, 'x'));
    }
    if (fixture.store().is_damaged()) REQUIRE(fixture.store().renew());
    fixture.clock.advance(Millis{1});  // or the key would be one of the original's
    const auto added = fixture.things().add({.fields = {{"id", "new"}}});
    if (!added) {  // met only now
      INFO(added.error().message);
      REQUIRE(added.error().code == Errc::damaged);
      REQUIRE(fixture.store().renew());
      REQUIRE(fixture.things().add({.fields = {{"id", "new"}}}));
    }
    CHECK(fixture.things().find("new").value());
  }
}

TEST_CASE(
    "document store: in memory: what is committed outlives the store, for as long as the disk") {
  StoreFixture fixture(StoreFixture::Place::memory, with_pk());
  fill(fixture, 10);
  fixture.open();
  CHECK(fixture.things().count() == 10);
  const StoreFixture another(StoreFixture::Place::memory, with_pk());
  CHECK(const_cast<StoreFixture&>(another).things().count() == 0);
}

}  // namespace spreadable::documents
