#include "tests/support/faulty_disk.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/assert.h"

namespace spreadable {

/// What SQLite takes for a file: this, and behind it that of the system.
struct FaultyFile {
  sqlite3_file base;
  FaultyDisk* disk;
  const char* name;  // null for temporary files, which are not remembered

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static FaultyFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultyFile*>(file); }

  // Each does what the system does, and keeps the books.
  static int write(sqlite3_file* file, const void* data, int count, sqlite3_int64 offset) {
    FaultyFile& own = of(file);
    const MutexLock lock(own.disk->mutex_);
    if (const int code = own.disk->count(); code != SQLITE_OK) return code;
    if (own.name != nullptr) {
      std::string bytes(static_cast<const char*>(data), static_cast<std::size_t>(count));
      own.disk->files_[own.name].pending.push_back(
          {static_cast<std::uint64_t>(offset), std::move(bytes)});
    }
    return own.real()->pMethods->xWrite(own.real(), data, count, offset);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    FaultyFile& own = of(file);
    const MutexLock lock(own.disk->mutex_);
    if (const int code = own.disk->count(); code != SQLITE_OK) return code;
    if (own.name != nullptr) {
      own.disk->files_[own.name].pending.push_back({static_cast<std::uint64_t>(size), {}});
    }
    return own.real()->pMethods->xTruncate(own.real(), size);
  }

  static int sync(sqlite3_file* file, int flags) {
    FaultyFile& own = of(file);
    const MutexLock lock(own.disk->mutex_);
    if (const int code = own.disk->count(); code != SQLITE_OK) return code;
    if (own.name != nullptr) {
      FaultyDisk::Content& content = own.disk->files_[own.name];
      for (const auto& one : content.pending) FaultyDisk::apply(content.synced, one);
      content.pending.clear();
    }
    // The books are what counts: a real sync would only take time.
    static_cast<void>(flags);
    return SQLITE_OK;
  }

  // These go to the system as they are.
  static int close(sqlite3_file* file) { return call(file, &sqlite3_io_methods::xClose); }
  static int read(sqlite3_file* file, void* data, int count, sqlite3_int64 offset) {
    return call(file, &sqlite3_io_methods::xRead, data, count, offset);
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return call(file, &sqlite3_io_methods::xFileSize, size);
  }
  static int lock(sqlite3_file* file, int level) {
    return call(file, &sqlite3_io_methods::xLock, level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return call(file, &sqlite3_io_methods::xUnlock, level);
  }
  static int check_reserved_lock(sqlite3_file* file, int* result) {
    return call(file, &sqlite3_io_methods::xCheckReservedLock, result);
  }
  static int file_control(sqlite3_file* file, int op, void* argument) {
    return call(file, &sqlite3_io_methods::xFileControl, op, argument);
  }
  static int sector_size(sqlite3_file* file) {
    return call(file, &sqlite3_io_methods::xSectorSize);
  }
  static int characteristics(sqlite3_file* /*file*/) { return 0; }  // nothing is atomic
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** place) {
    return call(file, &sqlite3_io_methods::xShmMap, page, size, extend, place);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return call(file, &sqlite3_io_methods::xShmLock, offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) {
    of(file).real()->pMethods->xShmBarrier(of(file).real());
  }
  static int shm_unmap(sqlite3_file* file, int deletes) {
    return call(file, &sqlite3_io_methods::xShmUnmap, deletes);
  }

 private:
  template <class Method, class... Arguments>
  static int call(sqlite3_file* file, Method method, Arguments... arguments) {
    sqlite3_file* const real = of(file).real();
    return (real->pMethods->*method)(real, arguments...);
  }
};

struct FaultyDisk::Vfs {
  sqlite3_vfs own{};
  sqlite3_vfs* real = nullptr;
  sqlite3_io_methods methods{};

  static Vfs& of(sqlite3_vfs* vfs) { return *static_cast<FaultyDisk*>(vfs->pAppData)->vfs_; }

  static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                  int* out_flags) {
    Vfs& self = of(vfs);
    FaultyFile& faulty = FaultyFile::of(file);
    faulty.disk = static_cast<FaultyDisk*>(vfs->pAppData);
    faulty.name = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0
                      ? name
                      : nullptr;
    faulty.base.pMethods = nullptr;
    const int code = self.real->xOpen(self.real, name, faulty.real(), flags, out_flags);
    if (code == SQLITE_OK) faulty.base.pMethods = &self.methods;
    return code;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_dir) {
    Vfs& self = of(vfs);
    auto& disk = *static_cast<FaultyDisk*>(vfs->pAppData);
    {
      const MutexLock lock(disk.mutex_);
      disk.files_.erase(name);
    }
    return self.real->xDelete(self.real, name, sync_dir);
  }
};

FaultyDisk::FaultyDisk() : vfs_(std::make_unique<Vfs>()) {
  vfs_->real = sqlite3_vfs_find(nullptr);
  sqlite3_io_methods& methods = vfs_->methods;
  methods = {.iVersion = 2,
             .xClose = FaultyFile::close,
             .xRead = FaultyFile::read,
             .xWrite = FaultyFile::write,
             .xTruncate = FaultyFile::truncate,
             .xSync = FaultyFile::sync,
             .xFileSize = FaultyFile::file_size,
             .xLock = FaultyFile::lock,
             .xUnlock = FaultyFile::unlock,
             .xCheckReservedLock = FaultyFile::check_reserved_lock,
             .xFileControl = FaultyFile::file_control,
             .xSectorSize = FaultyFile::sector_size,
             .xDeviceCharacteristics = FaultyFile::characteristics,
             .xShmMap = FaultyFile::shm_map,
             .xShmLock = FaultyFile::shm_lock,
             .xShmBarrier = FaultyFile::shm_barrier,
             .xShmUnmap = FaultyFile::shm_unmap,
             .xFetch = nullptr,
             .xUnfetch = nullptr};
  vfs_->own = *vfs_->real;
  vfs_->own.zName = "faulty-disk";
  vfs_->own.pAppData = this;
  vfs_->own.pNext = nullptr;
  vfs_->own.szOsFile += static_cast<int>(sizeof(FaultyFile));
  vfs_->own.xOpen = Vfs::open;
  vfs_->own.xDelete = Vfs::remove;
  SPREADABLE_ASSERT(sqlite3_vfs_register(&vfs_->own, /*makeDflt=*/1) == SQLITE_OK);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&vfs_->own);
  sqlite3_vfs_register(vfs_->real, /*makeDflt=*/1);
}

void FaultyDisk::fail(std::uint64_t number, int code, bool stays) {
  const MutexLock lock(mutex_);
  failing_ = number == 0 ? 0 : operations_ + number;
  code_ = code;
  stays_ = stays;
}

std::uint64_t FaultyDisk::operations() const {
  const MutexLock lock(mutex_);
  return operations_;
}

int FaultyDisk::count() {
  ++operations_;
  const bool fails =
      failing_ != 0 && (operations_ == failing_ || (stays_ && operations_ > failing_));
  return fails ? code_ : SQLITE_OK;
}

void FaultyDisk::apply(std::string& content, const Write& write) {
  if (!write.data) {
    content.resize(std::min<std::size_t>(content.size(), write.offset));
    return;
  }
  content.resize(std::max<std::size_t>(content.size(), write.offset + write.data->size()));
  content.replace(write.offset, write.data->size(), *write.data);
}

void FaultyDisk::cut_power(const std::filesystem::path& from, const std::filesystem::path& to,
                           Random& random) const {
  const MutexLock lock(mutex_);
  for (const auto& [name, content] : files_) {
    const std::filesystem::path path(name);
    if (path.parent_path() != from) continue;
    std::string bytes = content.synced;
    std::vector<Write> survivors;
    for (const Write& write : content.pending) {
      if (random.below(2) == 0) continue;
      survivors.push_back(write);
      if (!write.data || random.below(4) > 0) continue;
      survivors.back().data->resize(random.below(write.data->size() + 1));  // torn
    }
    random.shuffle(survivors);
    for (const Write& write : survivors) apply(bytes, write);
    std::ofstream file(to / path.filename(), std::ios::binary);
    file << bytes;
    SPREADABLE_ASSERT(file.flush());
  }
}

}  // namespace spreadable
