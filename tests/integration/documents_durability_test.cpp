// What a store of documents has acknowledged stays, whatever happens to its process and its disk.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "extensions/documents/collection_store.h"
#include "extensions/documents/document_store.h"
#include "killed_writer.h"
#include "services/system/system_clock.h"
#include "services/system/system_random.h"
#include "tests/support/fake_logger.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/temp_dir.h"

namespace spreadable::documents {
namespace {

constexpr std::uint32_t kWriters = 8;

/// A store with one collection, and what it needs.
struct Node {
  explicit Node(const std::filesystem::path& folder) {
    auto opened = DocumentStore::open(folder, {.readers = 1}, {clock, random, logger});
    if (!opened) return;
    CollectionOptions options;
    options.pk = "id";
    options.indices = {FieldPath("n")};
    if (!(*opened)->add(std::make_shared<const Collection>("things", options))) return;
    store = std::move(*opened);
  }

  CollectionStore& things() { return *store->find("things"); }
  [[nodiscard]] Deadline soon() const { return Deadline::after(clock, std::chrono::seconds{30}); }

  SystemClock clock;
  SystemRandom random;
  FakeLogger logger;
  std::unique_ptr<DocumentStore> store;  // null: it could not be opened
};

std::string id_of(std::uint32_t number) {
  return fmt::format("document-{}", number);
}

bool is_updated(std::uint32_t number) {
  return number % 5 == 0;
}
bool is_removed(std::uint32_t number) {
  return number % 7 == 0;
}

/// Everything that becomes of one document. False when the store has refused something.
bool write_one(Node& node, std::uint32_t number) {
  const Json fields = {{"id", id_of(number)}, {"n", number}, {"text", std::string(500, 'x')}};
  if (!node.things().add({.fields = fields})) return false;
  const Filter own = Filter::parse({{"id", id_of(number)}}).value();
  if (is_updated(number)) {
    const auto updated = node.things().update({own}, {{"m", number}}, node.soon());
    if (!updated || updated->changed != 1) return false;
  }
  if (is_removed(number)) {
    const auto removed = node.things().remove(own, node.soon());
    if (!removed || removed->changed != 1) return false;
  }
  return true;
}

/// Whether a document is as write_one() has left it.
void check_one(Node& node, std::uint32_t number) {
  INFO(number);
  const auto found = node.things().find(id_of(number));
  REQUIRE(found);
  CHECK(found->has_value() == !is_removed(number));
  if (!*found) return;
  CHECK((*found)->fields.at("n") == number);
  CHECK((*found)->fields.contains("m") == is_updated(number));
}

/// Whether what the store counts and indexes is what it holds.
void check_whole(Node& node) {
  CHECK(node.logger.records().empty());
  CHECK(node.store->scrub(std::chrono::seconds{30}).value());
  std::size_t count = 0;
  std::set<std::uint32_t> numbers;
  REQUIRE(node.things().visit({}, node.soon(), [&](Document& document) {
    ++count;
    numbers.insert(document.fields.at("n").get<std::uint32_t>());
    return true;
  }));
  CHECK(node.things().count() == count);
  for (const std::uint32_t number : numbers) {
    const Filter own = Filter::parse({{"n", number}}).value();
    CHECK(node.things().select_keys(own, node.soon())->keys.size() == 1);
  }
}

/// Writes from several threads, and tells each number that is done. Ends only by being killed, or
/// with a code other than zero.
int write_until_killed(const std::filesystem::path& folder, std::uint32_t first, int done) {
  Node node(folder);
  if (!node.store || !node.logger.records().empty()) return 1;
  std::vector<std::jthread> threads;
  for (std::uint32_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::uint32_t number = first + writer;; number += kWriters) {
        if (!write_one(node, number)) ::_exit(2);
        if (::write(done, &number, sizeof number) != sizeof number) ::_exit(3);
      }
    });
  }
  threads.clear();
  return 4;
}

}  // namespace

TEST_CASE("documents: kill: what was acknowledged is read back, after 20 kills at any moment") {
  const TempDir folder;
  SeededRandom random(1);
  std::set<std::uint32_t> done;
  for (std::uint32_t round = 0; round < 20; ++round) {
    const std::uint32_t first = round * 1'000'000;
    const auto told = write_and_kill(5 + random.below(100), [&](int acknowledgements) {
      return write_until_killed(folder.path(), first, acknowledgements);
    });
    CHECK_FALSE(told.empty());
    done.insert(told.begin(), told.end());
  }
  Node node(folder.path());
  REQUIRE(node.store);
  for (const std::uint32_t number : done) check_one(node, number);
  check_whole(node);
}

TEST_CASE(
    "documents: power: what was acknowledged survives writes that are lost, torn or out of order") {
  SeededRandom random(1);
  int survived = 0;
  for (int round = 0; round < 25; ++round) {
    const TempDir folder;
    FaultyDisk disk;
    Node node(folder.path());
    REQUIRE(node.store);
    std::uint32_t next = 0;
    for (int cut = 0; cut < 20; ++cut) {
      const std::size_t more = random.below(12);
      for (std::size_t i = 0; i < more; ++i) REQUIRE(write_one(node, next++));
      const TempDir after;
      disk.cut_power(folder.path(), after.path(), random);
      Node again(after.path());
      REQUIRE(again.store);
      for (std::uint32_t number = 0; number < next; ++number) check_one(again, number);
      check_whole(again);
      ++survived;
    }
  }
  CHECK(survived == 500);
}

TEST_CASE("documents: power: the same in the middle of commits") {
  SeededRandom random(2);
  for (int round = 0; round < 40; ++round) {
    INFO("round ", round);
    const TempDir folder;
    FaultyDisk disk;
    Node node(folder.path());
    REQUIRE(node.store);
    std::mutex mutex;
    std::set<std::uint32_t> done;
    std::atomic<bool> is_over = false;
    std::vector<std::jthread> threads;
    for (std::uint32_t writer = 0; writer < 4; ++writer) {
      threads.emplace_back([&, writer] {
        for (std::uint32_t number = writer; !is_over; number += 4) {
          if (!write_one(node, number)) return;
          const std::lock_guard lock(mutex);
          done.insert(number);
        }
      });
    }
    const std::size_t wanted = 10 + random.below(60);
    while (true) {
      const std::lock_guard lock(mutex);
      if (done.size() >= wanted) break;
    }
    const TempDir after;
    std::set<std::uint32_t> acknowledged;
    {
      const std::lock_guard lock(mutex);
      acknowledged = done;
    }
    disk.cut_power(folder.path(), after.path(), random);
    is_over = true;
    threads.clear();
    Node again(after.path());
    REQUIRE(again.store);
    for (const std::uint32_t number : acknowledged) check_one(again, number);
    check_whole(again);
  }
}

TEST_CASE("documents: disk: each failing call fails one change at most, and damages nothing") {
  struct Row {
    int code;
    Errc reported;
  };
  for (const Row& row : {Row{SQLITE_IOERR_WRITE, Errc::io}, Row{SQLITE_FULL, Errc::no_space}}) {
    for (std::uint64_t failing = 1; failing <= 120; ++failing) {
      INFO("code ", row.code, ", call ", failing);
      const TempDir folder;
      FaultyDisk disk;
      std::set<std::uint32_t> done;
      {
        Node node(folder.path());
        REQUIRE(node.store);
        disk.fail(failing, row.code);
        for (std::uint32_t number = 1; number <= 20; ++number) {
          if (write_one(node, number)) {
            done.insert(number);
          } else {
            // Reading goes on.
            for (const std::uint32_t one : done) check_one(node, one);
          }
        }
        CHECK(done.size() >= 19);
      }
      Node again(folder.path());
      REQUIRE(again.store);
      for (const std::uint32_t number : done) check_one(again, number);
      check_whole(again);
    }
  }
}

TEST_CASE("documents: disk: a full one refuses changes, lets read, and recovers by itself") {
  const TempDir folder;
  FaultyDisk disk;
  Node node(folder.path());
  REQUIRE(node.store);
  for (std::uint32_t number = 1; number <= 10; ++number) REQUIRE(write_one(node, number));
  disk.fail(1, SQLITE_FULL, /*stays=*/true);
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto refused = node.things().add({.fields = {{"id", "more"}, {"n", 0}}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_space);
    for (std::uint32_t number = 1; number <= 10; ++number) check_one(node, number);
    CHECK(node.things().count() == 9);
  }
  CHECK_FALSE(node.store->is_damaged());
  disk.fail(0, SQLITE_OK);
  CHECK(node.things().add({.fields = {{"id", "more"}, {"n", 0}}}));
  check_whole(node);
}

}  // namespace spreadable::documents
