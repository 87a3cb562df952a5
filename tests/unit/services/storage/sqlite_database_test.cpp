#include "services/storage/sqlite_database.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <thread>

#include "store_contract.h"
#include "tests/support/database_files.h"
#include "tests/support/fake_logger.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

constexpr WallTime kNow{Millis{1'700'000'000'000}};

std::unique_ptr<SqliteDatabase> open_database(const std::filesystem::path& folder, Logger& logger) {
  auto database = SqliteDatabase::open(folder, logger);
  REQUIRE_MESSAGE(database, (database ? "" : database.error().message));
  return std::move(*database);
}

/// The bytes of a database with some hundred rows.
std::string sample_file() {
  const TempDir folder;
  FakeLogger logger;
  {
    const auto database = open_database(folder.path(), logger);
    for (int i = 0; i < 100; ++i) {
      REQUIRE(database->cache().set("links", std::to_string(i), std::string(300, 'x'), kNow, 1000));
    }
    REQUIRE(database->data().set("root", "localhost:1"));
    REQUIRE(database->peers().save({{.address = Address::parse("localhost:2").value()}}));
  }
  return read_file(folder.path() / SqliteDatabase::kFileName);
}

/// Whether a node can start and work with what is in `folder`.
void check_usable(const std::filesystem::path& folder, Logger& logger) {
  const auto database = open_database(folder, logger);
  REQUIRE(database->data().set("key", "value"));
  CHECK(database->data().get("key").value() == "value");
  REQUIRE(database->peers().save({}));
  REQUIRE(database->cache().set("links", "new", "value", kNow, 1000));
  CHECK(database->cache().get("links", "new", kNow).value()->value == "value");
}

}  // namespace

TEST_CASE("sqlite database: stores: every promise is kept") {
  for (const StorePromise& promise : store_promises()) {
    INFO(promise.claim);
    const TempDir folder;
    FakeLogger logger;
    const auto database = open_database(folder.path(), logger);
    promise.check(*database);
    CHECK(logger.records().empty());
  }
}

TEST_CASE("sqlite database: reopening: everything is still there") {
  const TempDir folder;
  FakeLogger logger;
  const std::vector<PeerRecord> peers{
      {Address::parse("a.example.com:1").value(), true, false, true, kNow}};
  {
    const auto database = open_database(folder.path(), logger);
    REQUIRE(database->data().set("root", "localhost:1"));
    REQUIRE(database->peers().save(peers));
    for (const char* key : {"a", "b", "c"}) {
      REQUIRE(database->cache().set("links", key, key, kNow, 3));
    }
    REQUIRE(database->cache().get("links", "a", kNow).value());
  }
  const auto database = open_database(folder.path(), logger);
  CHECK(database->data().get("root").value() == "localhost:1");
  CHECK(database->peers().load().value() == peers);
  // The number of entries and their order of use are known too: b goes before a.
  REQUIRE(database->cache().set("links", "d", "d", kNow, 3));
  CHECK(database->cache().get("links", "b", kNow).value() == std::nullopt);
  CHECK(database->cache().get("links", "a", kNow).value() == CacheStore::Entry{"a", kNow});
  CHECK(logger.records().empty());
}

TEST_CASE("sqlite database: cache: uses beyond what is gathered in memory keep their order") {
  const TempDir folder;
  FakeLogger logger;
  constexpr std::size_t kEntries = 2'500;  // more than twice what is gathered
  {
    const auto database = open_database(folder.path(), logger);
    for (std::size_t i = 0; i < kEntries; ++i) {
      REQUIRE(database->cache().set("links", std::to_string(i), "", kNow, kEntries));
    }
    for (std::size_t i = kEntries; i-- > 0;) {
      REQUIRE(database->cache().get("links", std::to_string(i), kNow).value());
    }
  }
  const auto database = open_database(folder.path(), logger);
  REQUIRE(database->cache().normalize("links", WallTime(Millis::min()), 2));
  CHECK(database->cache().get("links", "0", kNow).value());
  CHECK(database->cache().get("links", "1", kNow).value());
  CHECK_FALSE(database->cache().get("links", "2", kNow).value());
}

TEST_CASE("sqlite database: open: a folder that cannot be used is named with the reason") {
  const TempDir folder;
  FakeLogger logger;
  write_file(folder.path() / "file", "");
  const auto in_file = SqliteDatabase::open(folder.path() / "file" / "x", logger);
  REQUIRE_FALSE(in_file);
  CHECK(in_file.error().code == Errc::io);
  CHECK(in_file.error().message == fmt::format("cannot make folder \"{}\": Not a directory",
                                               (folder.path() / "file").string()));
  std::filesystem::create_directories(folder.path() / "y" / SqliteDatabase::kFileName);
  const auto on_folder = SqliteDatabase::open(folder.path() / "y", logger);
  REQUIRE_FALSE(on_folder);
  CHECK(on_folder.error().message ==
        fmt::format("cannot open storage file \"{}\": unable to open database file",
                    (folder.path() / "y" / SqliteDatabase::kFileName).string()));
}

TEST_CASE(
    "sqlite database: open: the file of an older version is brought up to date, and keeps its "
    "data") {
  const TempDir folder;
  FakeLogger logger;
  const auto file = folder.path() / SqliteDatabase::kFileName;
  REQUIRE(open_database(folder.path(), logger)->data().set("root", "localhost:1"));
  execute(file, "DROP TABLE bans; PRAGMA user_version = 1; PRAGMA application_id = 0x53505201");
  const auto database = open_database(folder.path(), logger);
  CHECK(database->data().get("root").value() == "localhost:1");
  CHECK(database->bans().load().value().empty());
  CHECK_FALSE(std::filesystem::exists(file.string() + ".damaged-1"));
}

TEST_CASE("sqlite database: open: the file of a newer version is left as it is") {
  const TempDir folder;
  FakeLogger logger;
  open_database(folder.path(), logger);
  const auto file = folder.path() / SqliteDatabase::kFileName;
  execute(file, "PRAGMA user_version = 3; PRAGMA application_id = 0x53505203");
  const auto database = SqliteDatabase::open(folder.path(), logger);
  REQUIRE_FALSE(database);
  CHECK(database.error().message ==
        fmt::format("storage file \"{}\" has format 3, made by a newer version of this program",
                    file.string()));
  CHECK_FALSE(std::filesystem::exists(file.string() + ".damaged-1"));
}

TEST_CASE("sqlite database: damage: the file is set aside whole and the node begins anew") {
  const std::string sample = sample_file();
  REQUIRE(sample.size() > 10 * 4096);
  std::string zero_page = sample;
  zero_page.replace(4096, 4096, 4096, '\0');
  std::string flipped_magic = sample;
  flipped_magic[0] ^= 1;
  struct Row {
    const char* damage;
    std::string content;
  };
  for (const Row& row :
       {Row{"garbage", std::string(10'000, 'g')}, Row{"short garbage", "not a database"},
        Row{"20 bytes short", sample.substr(0, sample.size() - 20)},
        Row{"cut in the middle", sample.substr(0, sample.size() / 2)},
        Row{"only the first page", sample.substr(0, 4096)}, Row{"a page of zeros", zero_page},
        Row{"all zeros", std::string(sample.size(), '\0')},
        Row{"one bit of the header", flipped_magic}}) {
    INFO(row.damage);
    const TempDir folder;
    FakeLogger logger;
    const auto file = folder.path() / SqliteDatabase::kFileName;
    write_file(file, row.content);
    write_file(file.string() + "-wal", "the log of the damaged file");
    check_usable(folder.path(), logger);
    CHECK(logger.count(LogLevel::error) == 1);
    CHECK(logger.contains("is damaged"));
    CHECK(read_file(file.string() + ".damaged-1").size() == row.content.size());
    check_usable(folder.path(), logger);
    CHECK(logger.records().size() == 1);  // the fresh file is fine
  }
}

TEST_CASE("sqlite database: damage: a file of another program is set aside too") {
  const TempDir folder;
  FakeLogger logger;
  const auto file = folder.path() / SqliteDatabase::kFileName;
  execute(file, "CREATE TABLE data (x)");
  check_usable(folder.path(), logger);
  CHECK(std::filesystem::exists(file.string() + ".damaged-1"));
}

TEST_CASE("sqlite database: damage: only so many files are kept, the first ones") {
  const TempDir folder;
  FakeLogger logger;
  const auto file = folder.path() / SqliteDatabase::kFileName;
  for (int i = 1; i <= SqliteDatabase::kDamagedFilesMax + 2; ++i) {
    write_file(file, fmt::format("damaged file number {}", i));
    open_database(folder.path(), logger);
  }
  CHECK(read_file(file.string() + ".damaged-1") == "damaged file number 1");
  CHECK(read_file(file.string() + ".damaged-9") == "damaged file number 11");
  CHECK_FALSE(std::filesystem::exists(file.string() + ".damaged-10"));
}

TEST_CASE("sqlite database: damage: no damaged copy keeps a node from starting") {
  const std::string sample = sample_file();
  Damager damager;
  for (int copy = 0; copy < 120; ++copy) {
    INFO("copy ", copy);
    const TempDir folder;
    FakeLogger logger;
    // A third of the blows go to the header, where they hurt most.
    const std::size_t reach = copy % 3 == 0 ? 100 : sample.size();
    write_file(folder.path() / SqliteDatabase::kFileName, damager.damaged(sample, reach));
    check_usable(folder.path(), logger);
  }
}

TEST_CASE("sqlite database: damage: a damaged log costs no more than what only it holds") {
  const TempDir original;
  FakeLogger logger;
  { REQUIRE(open_database(original.path(), logger)->data().set("root", "localhost:1")); }
  const auto database = open_database(original.path(), logger);
  for (int i = 0; i < 20; ++i) REQUIRE(database->data().set(std::to_string(i), "value"));
  const auto file = original.path() / SqliteDatabase::kFileName;
  const std::string content = read_file(file);
  const std::string log = read_file(file.string() + "-wal");
  REQUIRE(log.size() > 20 * 4096);
  Damager damager;
  for (int copy = 0; copy < 40; ++copy) {
    INFO("copy ", copy);
    const TempDir folder;
    const auto target = folder.path() / SqliteDatabase::kFileName;
    write_file(target, content);
    write_file(target.string() + "-wal", damager.damaged(log, copy % 3 == 0 ? 32 : log.size()));
    {
      const auto copied = open_database(folder.path(), logger);
      CHECK(copied->data().get("root").value() == "localhost:1");
      bool was_there = true;  // commits are kept up to the damage, and none after it
      for (int i = 0; i < 20; ++i) {
        const bool is_there = copied->data().get(std::to_string(i)).value().has_value();
        CHECK((was_there || !is_there));
        was_there = is_there;
      }
    }
    check_usable(folder.path(), logger);
  }
  CHECK(logger.records().empty());
}

TEST_CASE("sqlite database: threads: several use all stores at once") {
  const TempDir folder;
  FakeLogger logger;
  const auto database = open_database(folder.path(), logger);
  const std::vector<PeerRecord> peers(5, {.address = Address::parse("localhost:1").value()});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          const std::string key = fmt::format("{}-{}", t, i);
          CHECK(database->data().set(key, key));
          CHECK(database->peers().save(peers));
          CHECK(database->cache().set("links", key, key, kNow, 50));
          CHECK(database->cache().get("links", key, kNow));
          CHECK(database->data().get(key).value() == key);
        }
      });
    }
  }
  CHECK(database->peers().load().value() == peers);
  CHECK(database->data().get("3-24").value() == "3-24");
}

}  // namespace spreadable
