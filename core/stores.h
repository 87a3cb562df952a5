// core/stores.h: what a node keeps over a restart, one narrow interface per kind of state.
// Source: protocol section 4, whose semantics these keep; the format on disk is ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/result.h"

namespace spreadable {

/// Small named values: the root, the node's own facts. Thread-safe.
/// What set() acknowledged survives `kill -9`.
class DataStore {
 public:
  virtual ~DataStore() = default;
  [[nodiscard]] virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  [[nodiscard]] virtual Result<void> set(std::string_view key, std::string_view value) = 0;
};

/// A peer as remembered over a restart.
struct PeerRecord {
  Address address;
  bool is_master = false;    ///< was in the masters list
  bool is_slave = false;     ///< was registered here
  bool is_backlink = false;  ///< was this node's master
  WallTime seen_at{};        ///< when it last answered

  friend bool operator==(const PeerRecord&, const PeerRecord&) = default;
};

/// The peers a node knows, to come back through after a restart. Thread-safe.
class PeerStore {
 public:
  virtual ~PeerStore() = default;
  [[nodiscard]] virtual Result<std::vector<PeerRecord>> load() = 0;
  /// Replaces everything by `peers`, all or nothing.
  [[nodiscard]] virtual Result<void> save(const std::vector<PeerRecord>& peers) = 0;
};

/// A peer that is refused until a time.
struct BanRecord {
  Address address;
  std::string ip;  ///< in full form, as the address resolved when it was banned; empty: unknown
  WallTime banned_at{};
  WallTime until{};
  std::string reason;  ///< a kind of conduct, or what an operator wrote

  friend bool operator==(const BanRecord&, const BanRecord&) = default;
};

/// The bans of a node. Thread-safe. What is acknowledged survives `kill -9`. Source: protocol
/// section 4.3.
class BanStore {
 public:
  virtual ~BanStore() = default;
  /// By address.
  [[nodiscard]] virtual Result<std::vector<BanRecord>> load() = 0;
  /// Inserts, or replaces the record of the same address.
  [[nodiscard]] virtual Result<void> put(const BanRecord& ban) = 0;
  /// Nothing happens when there is none.
  [[nodiscard]] virtual Result<void> remove(const Address& address) = 0;
  [[nodiscard]] virtual Result<void> clear() = 0;
};

/// Values that may be lost, kept for speed: per type at most `limit` of the most recently used,
/// none older than `lifetime`. Thread-safe. Source: protocol section 4.8.
class CacheStore {
 public:
  struct Entry {
    std::string value;
    WallTime created_at{};
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  virtual ~CacheStore() = default;
  /// Counts as a use of the entry.
  [[nodiscard]] virtual Result<std::optional<Entry>> get(std::string_view type,
                                                         std::string_view key, WallTime now) = 0;
  /// Inserts or replaces (keeping created_at), then drops all but the `limit` most recently used.
  [[nodiscard]] virtual Result<void> set(std::string_view type, std::string_view key,
                                         std::string_view value, WallTime now,
                                         std::size_t limit) = 0;
  [[nodiscard]] virtual Result<void> remove(std::string_view type, std::string_view key) = 0;
  /// Drops entries made before `created_before`, then all but the `limit` most recently used.
  [[nodiscard]] virtual Result<void> normalize(std::string_view type, WallTime created_before,
                                               std::size_t limit) = 0;
  /// Drops all entries of `type`.
  [[nodiscard]] virtual Result<void> flush(std::string_view type) = 0;
};

/// Opens the stores of one node. SqliteDatabase and MemoryDatabase in services/.
class Database {
 public:
  virtual ~Database() = default;
  [[nodiscard]] virtual DataStore& data() = 0;
  [[nodiscard]] virtual PeerStore& peers() = 0;
  [[nodiscard]] virtual BanStore& bans() = 0;
  [[nodiscard]] virtual CacheStore& cache() = 0;
};

}  // namespace spreadable
