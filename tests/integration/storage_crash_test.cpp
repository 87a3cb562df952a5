#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "killed_writer.h"
#include "services/storage/sqlite_database.h"
#include "services/storage/storage_lock.h"
#include "tests/support/fake_logger.h"
#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

constexpr WallTime kNow{Millis{1'700'000'000'000}};
constexpr std::size_t kCacheLimit = 1'000'000;

/// A number that the writer has stored; large enough values make the log wrap and be copied back.
std::string key_of(std::uint32_t number) {
  return fmt::format("key-{}", number);
}
std::string value_of(std::uint32_t number) {
  return key_of(number) + std::string(2'000, 'v');
}

/// Stores number after number, and says so on `acknowledgements` as soon as each is stored. Ends
/// only by being killed, or with a code other than zero.
int write_until_killed(const std::filesystem::path& folder, std::uint32_t first,
                       int acknowledgements) {
  FakeLogger logger;
  const auto lock = StorageLock::acquire(folder);
  if (!lock) return 1;
  const auto database = SqliteDatabase::open(folder, logger);
  if (!database || !logger.records().empty()) return 2;
  for (std::uint32_t number = first;; ++number) {
    const PeerRecord peer{
        .address =
            Address::from_parts("localhost", static_cast<std::uint16_t>(number % 60'000)).value()};
    if (!(*database)->data().set(key_of(number), value_of(number))) return 3;
    if (!(*database)->peers().save({peer, peer})) return 4;
    if (!(*database)->cache().set("links", key_of(number), "value", kNow, kCacheLimit)) return 5;
    if (::write(acknowledgements, &number, sizeof number) != sizeof number) return 6;
  }
}

void check_all_there(const std::filesystem::path& folder, std::uint32_t first, std::uint32_t end) {
  FakeLogger logger;
  const auto database = SqliteDatabase::open(folder, logger);
  REQUIRE(database);
  CHECK(logger.records().empty());  // nothing was set aside
  for (std::uint32_t number = first; number < end; ++number) {
    INFO(number);
    CHECK((*database)->data().get(key_of(number)).value() == value_of(number));
    CHECK((*database)->cache().get("links", key_of(number), kNow).value());
  }
  // The list of peers is one of those that were saved, whole: the last acknowledged or a later one.
  const auto peers = (*database)->peers().load().value();
  REQUIRE(peers.size() == 2);
  CHECK(peers[0] == peers[1]);
  CHECK(peers[0].address.port() + 1 >= end);
}

/// Lets no file of this process grow beyond `bytes`; writes fail as they do on a full disk.
bool limit_file_size(rlim_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
  limit.rlim_cur = bytes;
  return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

/// Gives the number of the expectation that was not met, 0 for none.
int fill_disk(const std::filesystem::path& folder) {
  FakeLogger logger;
  const auto database = SqliteDatabase::open(folder, logger);
  if (!database) return 1;
  DataStore& data = (*database)->data();
  CacheStore& cache = (*database)->cache();
  ::signal(SIGXFSZ, SIG_IGN);
  if (!data.set("before", "1") || !cache.set("links", "before", "1", kNow, kCacheLimit)) return 2;
  if (!limit_file_size(256 << 10)) return 3;
  const std::string big(100'000, 'x');
  int stored = 0;
  while (stored < 100 && data.set(fmt::format("big-{}", stored), big)) ++stored;
  if (stored == 0 || stored == 100) return 4;
  const auto refused = data.set("one more", big);
  if (refused || refused.error().code != Errc::io) return 5;
  if (cache.set("links", "big", big, kNow, kCacheLimit)) return 6;
  // Reading goes on, and what failed is not there in part.
  if (data.get("before").value() != "1" || data.get("one more").value()) return 7;
  if (data.get(fmt::format("big-{}", stored - 1)).value() != big) return 8;
  if (!cache.get("links", "before", kNow).value()) return 9;
  if (cache.get("links", "big", kNow).value()) return 10;
  if (!limit_file_size(RLIM_INFINITY)) return 11;
  if (!data.set("one more", big) || data.get("one more").value() != big) return 12;
  if (!cache.set("links", "big", big, kNow, kCacheLimit)) return 13;
  return 0;
}

}  // namespace

TEST_CASE("storage: kill -9: what was acknowledged is there after the restart") {
  const char* const wanted = std::getenv("SPREADABLE_CRASH_ROUNDS");
  const int rounds = wanted == nullptr ? 15 : std::atoi(wanted);
  const TempDir folder;
  std::mt19937 random(1);
  std::uint32_t next = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::uint32_t first = next;
    const auto told = write_and_kill(1 + random() % 40, [&](int acknowledgements) {
      return write_until_killed(folder.path(), first, acknowledgements);
    });
    next += static_cast<std::uint32_t>(told.size());
    INFO("round ", round, ", numbers ", first, " to ", next);
    check_all_there(folder.path(), first, next);
  }
  check_all_there(folder.path(), 0, next);
}

TEST_CASE("storage: full disk: writes fail by themselves, reads go on, space ends it") {
  const TempDir folder;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fill_disk(folder.path()));
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace spreadable
