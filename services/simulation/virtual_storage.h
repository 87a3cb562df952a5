// services/simulation/virtual_storage.h: the disk of one machine.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/random.h"
#include "core/stores.h"
#include "services/simulation/virtual_time.h"
#include "services/storage/memory_database.h"

namespace spreadable {

namespace detail {
class PackedPeers;
}

/// What is wrong with a disk. The defaults are a perfect one.
struct StorageFaults {
  double read_errors = 0;   ///< share of reads that fail with Errc::io
  double write_errors = 0;  ///< share of writes that fail so, and leave everything as it was
  /// A durable write is acknowledged up to this long after it has been given. When the machine goes
  /// down within, it is there afterwards as a whole or not at all. Writers wait for each other.
  Duration sync_max{};
  /// A power cut brings back any one of the lists of peers that were not synced, or the one before
  /// them, and the cache by chance; otherwise all that was not synced is lost.
  bool is_unruly = false;
};

/// What a node has stored, kept apart from the node so that it outlives it. It is as durable as
/// SqliteDatabase promises to be: what DataStore and BanStore acknowledge is synced and stays.
/// Lists of peers and the cache reach the disk some time later: the end of the program does them no
/// harm, but when the power goes, lists of peers younger than kSyncDelay are lost, and the cache
/// is. For one thread.
class VirtualStorage {
 public:
  /// Between a write that is not synced and the moment at which the system has written it out.
  /// Source: dirty_expire_centisecs of Linux.
  static constexpr Duration kSyncDelay = std::chrono::seconds{30};

  /// Chance follows from `seed`. `time` outlives this object.
  VirtualStorage(VirtualTime& time, MachineId machine, std::uint64_t seed);
  ~VirtualStorage();

  void set_faults(const StorageFaults& faults) { faults_ = faults; }

  /// Opens it for the node that runs now; storage and time outlive the database. Those opened
  /// before work no more: every write through them fails with Errc::io.
  [[nodiscard]] std::unique_ptr<Database> open();
  /// The program that had it open is gone: no write of it counts any more but, by chance, the one
  /// that was under way.
  void close();
  /// As close; what was not synced is lost as well.
  void lose_power();

 private:
  class Handle;
  class Data;
  class Peers;
  class Bans;
  class Cache;
  using Write = std::function<Result<void>(Database&)>;

  struct PeersVersion {
    std::shared_ptr<const detail::PackedPeers> peers;
    TimePoint written_at;
  };

  [[nodiscard]] Result<void> read() const;
  [[nodiscard]] Result<void> write_durably(unsigned opened, const Write& write);
  /// Whether a write may be tried at all.
  [[nodiscard]] Result<void> write(unsigned opened) const;
  [[nodiscard]] Result<void> save_peers(unsigned opened, const std::vector<PeerRecord>& peers);
  /// Drops versions that a later one has replaced on the disk.
  void settle_peers();

  VirtualTime& time_;
  const MachineId machine_;
  std::unique_ptr<Random> random_;
  StorageFaults faults_;
  unsigned opened_ = 0;  ///< how often; each handle remembers which one it is
  MemoryDatabase synced_;
  std::deque<const Write*> pending_;  ///< durable writes under way, in order
  TimePoint busy_until_{};
  std::vector<PeersVersion> peers_;  ///< oldest first; all but the first may still be lost
  std::unique_ptr<MemoryDatabase> unsynced_ = std::make_unique<MemoryDatabase>();  ///< the cache
};

}  // namespace spreadable
