// services/storage/memory_database.h: stores that end with the process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "core/stores.h"

namespace spreadable {

/// Keeps everything in memory: for tests and for nodes that are thrown away. Behaves as
/// SqliteDatabase does, save that nothing survives and nothing fails. Thread-safe.
class MemoryDatabase final : public Database {
 public:
  [[nodiscard]] DataStore& data() override { return data_; }
  [[nodiscard]] PeerStore& peers() override { return peers_; }
  [[nodiscard]] BanStore& bans() override { return bans_; }
  [[nodiscard]] CacheStore& cache() override { return cache_; }

 private:
  class Data final : public DataStore {
   public:
    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) override;
    [[nodiscard]] Result<void> set(std::string_view key, std::string_view value) override;

   private:
    Mutex mutex_;
    std::map<std::string, std::string, std::less<>> values_ SPREADABLE_GUARDED_BY(mutex_);
  };

  class Peers final : public PeerStore {
   public:
    [[nodiscard]] Result<std::vector<PeerRecord>> load() override;
    [[nodiscard]] Result<void> save(const std::vector<PeerRecord>& peers) override;

   private:
    Mutex mutex_;
    std::vector<PeerRecord> peers_ SPREADABLE_GUARDED_BY(mutex_);
  };

  class Bans final : public BanStore {
   public:
    [[nodiscard]] Result<std::vector<BanRecord>> load() override;
    [[nodiscard]] Result<void> put(const BanRecord& ban) override;
    [[nodiscard]] Result<void> remove(const Address& address) override;
    [[nodiscard]] Result<void> clear() override;

   private:
    Mutex mutex_;
    std::map<Address, BanRecord> bans_ SPREADABLE_GUARDED_BY(mutex_);
  };

  class Cache final : public CacheStore {
   public:
    [[nodiscard]] Result<std::optional<Entry>> get(std::string_view type, std::string_view key,
                                                   WallTime now) override;
    [[nodiscard]] Result<void> set(std::string_view type, std::string_view key,
                                   std::string_view value, WallTime now,
                                   std::size_t limit) override;
    [[nodiscard]] Result<void> remove(std::string_view type, std::string_view key) override;
    [[nodiscard]] Result<void> normalize(std::string_view type, WallTime created_before,
                                         std::size_t limit) override;
    [[nodiscard]] Result<void> flush(std::string_view type) override;

   private:
    /// An entry with the number of its last use, which keeps their order without a clock.
    struct Used {
      Entry entry;
      std::uint64_t use = 0;
    };
    /// The entries of one type, and their keys in order of use.
    struct Shelf {
      std::map<std::string, Used, std::less<>> entries;
      std::map<std::uint64_t, std::string> keys_by_use;

      void use(std::map<std::string, Used, std::less<>>::iterator place, std::uint64_t number);
      void erase(std::map<std::string, Used, std::less<>>::iterator place);
      void trim(std::size_t limit);
    };

    Mutex mutex_;
    std::map<std::string, Shelf, std::less<>> shelves_ SPREADABLE_GUARDED_BY(mutex_);
    std::uint64_t last_use_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  };

  Data data_;
  Peers peers_;
  Bans bans_;
  Cache cache_;
};

}  // namespace spreadable
