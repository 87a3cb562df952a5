#include "services/storage/storage_lock.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>

#include "tests/support/temp_dir.h"

namespace spreadable {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

/// Runs `child` in a process of its own and gives its exit code.
template <class Child>
int run_in_child(Child child) {
  const pid_t process = ::fork();
  if (process == 0) ::_exit(child());
  REQUIRE(process > 0);
  int status = 0;
  REQUIRE(::waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("storage lock: folder: made with its parents, for its owner alone") {
  const TempDir temp;
  for (const char* name : {"a/b/c", "d/", "e"}) {
    INFO(name);
    const auto folder = temp.path() / name;
    REQUIRE(StorageLock::acquire(folder));
    CHECK(mode_of(folder) == 0700);
    CHECK(mode_of(folder / StorageLock::kFileName) == 0600);
  }
}

TEST_CASE("storage lock: second one: refused while the first lives, in any process") {
  const TempDir temp;
  const std::string refusal =
      fmt::format("storage folder \"{}\" is in use by another node (process {})",
                  temp.path().string(), ::getpid());
  const auto is_refused = [&] {
    const auto second = StorageLock::acquire(temp.path());
    return !second && second.error().code == Errc::io && second.error().message == refusal;
  };
  {
    const auto first = StorageLock::acquire(temp.path());
    REQUIRE(first);
    CHECK(is_refused());
    CHECK(run_in_child([&] { return is_refused() ? 0 : 1; }) == 0);
    CHECK(is_refused());  // the failed attempts took nothing away
  }
  CHECK(run_in_child([&] { return StorageLock::acquire(temp.path()) ? 0 : 1; }) == 0);
  CHECK(StorageLock::acquire(temp.path()));
}

TEST_CASE("storage lock: killed process: leaves the folder free") {
  const TempDir temp;
  const int code = run_in_child([&] {
    auto* const lock = new Result<StorageLock>(StorageLock::acquire(temp.path()));
    return *lock ? 3 : 1;  // ends without running destructors
  });
  CHECK(code == 3);
  CHECK(StorageLock::acquire(temp.path()));
}

TEST_CASE("storage lock: moving: one lock stays one lock") {
  const TempDir temp;
  auto first = StorageLock::acquire(temp.path() / "a");
  REQUIRE(first);
  StorageLock moved = std::move(*first);
  CHECK_FALSE(StorageLock::acquire(temp.path() / "a"));
  {
    auto other = StorageLock::acquire(temp.path() / "b");
    REQUIRE(other);
    moved = std::move(*other);
  }
  CHECK(StorageLock::acquire(temp.path() / "a"));
  CHECK_FALSE(StorageLock::acquire(temp.path() / "b"));
}

TEST_CASE("storage lock: impossible folder: named with the reason") {
  const TempDir temp;
  std::ofstream(temp.path() / "file") << "x";
  struct Row {
    std::filesystem::path folder;
    std::string message;
  };
  const std::string root = temp.path().string();
  std::filesystem::create_directories(temp.path() / "taken" / StorageLock::kFileName);
  for (const Row& row :
       {Row{temp.path() / "file", "cannot make folder \"" + root + "/file\": Not a directory"},
        Row{temp.path() / "file/x", "cannot make folder \"" + root + "/file\": Not a directory"},
        Row{temp.path() / "taken", "cannot open \"" + root + "/taken/lock\": Is a directory"},
        Row{"/proc/spreadable",
            "cannot make folder \"/proc/spreadable\": No such file or directory"}}) {
    const auto lock = StorageLock::acquire(row.folder);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().code == Errc::io);
    CHECK(lock.error().message == row.message);
  }
}

}  // namespace spreadable
