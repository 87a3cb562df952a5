#include "extensions/documents/detail/store_core.h"

#include <fmt/format.h>

#include <utility>

#include "extensions/documents/detail/salvage.h"
#include "extensions/documents/detail/schema_sql.h"
#include "services/storage/folder.h"
#include "services/storage/sqlite/file.h"

namespace spreadable::documents::detail {
namespace {

/// Damaged files kept aside. The first ones hold most, so further ones replace the last.
constexpr int kDamagedFilesMax = 9;

constexpr const char* kGetFact = "SELECT value FROM facts WHERE name = ?1";
constexpr const char* kSetFact = "INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)";

/// Inside for the length of a scope.
class Inside {
 public:
  explicit Inside(Gate& gate) : gate_(gate) { gate_.enter(); }
  ~Inside() { gate_.leave(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Gate& gate_;
};

}  // namespace

void Gate::enter() {
  const MutexLock lock(mutex_);
  while (is_closed_) changed_.wait(mutex_);
  ++inside_;
}

void Gate::leave() {
  const MutexLock lock(mutex_);
  --inside_;
  changed_.notify_all();
}

void Gate::close() {
  const MutexLock lock(mutex_);
  is_closed_ = true;
  while (inside_ > 0) changed_.wait(mutex_);
}

void Gate::open() {
  const MutexLock lock(mutex_);
  is_closed_ = false;
  changed_.notify_all();
}

Result<std::unique_ptr<StoreCore>> StoreCore::open(Place place, const DocumentStore::Ports& ports) {
  std::unique_ptr<StoreCore> core(new StoreCore(std::move(place), ports));
  if (!core->place_.disk) {
    if (auto made = make_private_folder(core->place_.folder); !made) return made.error();
  }
  Result<void> opened = core->open_files();
  if (!opened && opened.error().code == Errc::damaged) opened = core->begin_anew(opened.error());
  if (!opened) return opened.error();
  return core;
}

std::filesystem::path StoreCore::file() const {
  return place_.folder / DocumentStore::kFileName;
}

Result<void> StoreCore::open_files() {
  auto files =
      place_.disk ? StoreFiles::open(*place_.disk) : StoreFiles::open(file(), place_.options);
  if (!files) return files.error();
  files_ = std::move(*files);
  is_damaged_ = false;
  return {};
}

Result<void> StoreCore::begin_anew(const Error& reason) {
  files_.reset();
  const auto aside = sqlite::set_aside(file(), kDamagedFilesMax);
  if (!aside) return aside.error();
  ports_.logger.error(fmt::format(
      "storage file \"{}\" is damaged ({}); it is kept as \"{}\", and documents that can be read "
      "are taken over into a new one",
      file().string(), reason.message, aside->string()));
  if (auto opened = open_files(); !opened) return opened;
  if (auto noted = write_alone(rebuild_change(true)); !noted) return noted;
  const std::size_t saved = salvage(*aside, files_->writer());
  ports_.logger.warn(fmt::format("{} documents of \"{}\" were taken over", saved, aside->string()));
  return {};
}

Result<void> StoreCore::write(const Writer::Change& change) {
  const Inside inside(gate_);
  return write_alone(change);
}

Result<void> StoreCore::write_alone(const Writer::Change& change) {
  Result<void> written = files_->writer().write(change);
  if (!written) note(written.error());
  return written;
}

Result<void> StoreCore::read(const std::function<Result<void>(Session&)>& reading) {
  const Inside inside(gate_);
  Result<void> read;
  {
    const SessionPool::Lease session(files_->readers());
    read = reading(*session);
  }
  if (!read) note(read.error());
  return read;
}

void StoreCore::note(const Error& error) {
  if (error.code != Errc::damaged || is_damaged_.exchange(true)) return;
  ports_.logger.error(fmt::format("documents are damaged: {}", error.message));
}

Result<bool> StoreCore::needs_rebuild() {
  bool needs = false;
  const auto found = read([&](Session& session) -> Result<void> {
    auto statement = session.prepared(kGetFact);
    if (!statement) return statement.error();
    sqlite::Query query(**statement, std::string_view(kNeedsRebuild));
    const auto row = query.step();
    if (!row) return row.error();
    needs = *row && query.text(0) == "1";
    return {};
  });
  if (!found) return found.error();
  return needs;
}

Writer::Change StoreCore::rebuild_change(bool needs) {
  return {.run = [needs](Session& session) {
    return session.run(kSetFact, std::string_view(kNeedsRebuild),
                       std::string_view(needs ? "1" : "0"));
  }};
}

Result<void> StoreCore::renew(const std::function<Result<void>()>& attach) {
  if (place_.disk) return {};
  return alone([&]() -> Result<void> {
    if (!is_damaged_) return {};
    auto begun = begin_anew({Errc::damaged, "found while it was in use", {}});
    return begun ? attach() : begun;
  });
}

Result<void> StoreCore::alone(const std::function<Result<void>()>& attach) {
  gate_.close();
  Result<void> attached = attach();
  gate_.open();
  return attached;
}

}  // namespace spreadable::documents::detail
