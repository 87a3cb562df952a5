// services/simulation/virtual_storage.h: the disk of one machine.
#pragma once

#include <memory>
#include <vector>

#include "core/stores.h"
#include "services/simulation/virtual_time.h"
#include "services/storage/memory_database.h"

namespace spreadable {

/// What a node has stored, kept apart from the node so that it outlives it. It is as durable as
/// SqliteDatabase is: what DataStore and BanStore acknowledge is synced and stays. Lists of peers
/// and the cache reach the disk some time later: the end of the program does them no harm, but when
/// the power goes, lists of peers younger than kSyncDelay are lost, and the cache is. For one
/// thread.
class VirtualStorage {
 public:
  /// Between a write that is not synced and the moment at which the system has written it out.
  /// Source: dirty_expire_centisecs of Linux.
  static constexpr Duration kSyncDelay = std::chrono::seconds{30};

  explicit VirtualStorage(const VirtualTime& time) : time_(time) {}

  /// Opens it for the node that runs now; storage and time outlive the database. Those opened
  /// before work no more: every write through them fails with Errc::io.
  [[nodiscard]] std::unique_ptr<Database> open();
  /// The program that had it open is gone: no write of it counts any more.
  void close() { ++opened_; }
  /// As close; what was not synced is lost as well.
  void lose_power();

 private:
  class Handle;
  class Data;
  class Peers;
  class Bans;

  struct PeersVersion {
    std::vector<PeerRecord> peers;
    TimePoint written_at;
  };

  void save_peers(const std::vector<PeerRecord>& peers);
  /// Drops versions that a later one has replaced on the disk.
  void settle_peers();

  const VirtualTime& time_;
  unsigned opened_ = 0;  ///< how often; each handle remembers which one it is
  MemoryDatabase synced_;
  std::unique_ptr<MemoryDatabase> unsynced_ = std::make_unique<MemoryDatabase>();  ///< the cache
  std::vector<PeersVersion> peers_;  ///< oldest first; all but the first may still be lost
};

}  // namespace spreadable
