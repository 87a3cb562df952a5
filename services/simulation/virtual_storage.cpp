#include "services/simulation/virtual_storage.h"

#include <algorithm>
#include <string>
#include <utility>

#include "services/simulation/detail/packed_peers.h"
#include "services/system/system_random.h"

namespace spreadable {
namespace {

Error gone() {
  return {Errc::io, "the machine of this storage is down", {}};
}

Error broken(const char* what) {
  return {Errc::io, std::string("the disk cannot ") + what, {}};
}

}  // namespace

/// Lets writes through as long as the program that opened it is the latest one.
class VirtualStorage::Data final : public DataStore {
 public:
  Data(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::optional<std::string>> get(std::string_view key) override {
    if (Result<void> passed = storage_.read(); !passed) return passed.error();
    return storage_.synced_.data().get(key);
  }
  Result<void> set(std::string_view key, std::string_view value) override {
    return storage_.write_durably(
        opened_, [key = std::string(key), value = std::string(value)](Database& disk) {
          return disk.data().set(key, value);
        });
  }

 private:
  VirtualStorage& storage_;
  const unsigned opened_;
};

class VirtualStorage::Peers final : public PeerStore {
 public:
  Peers(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::vector<PeerRecord>> load() override {
    if (Result<void> passed = storage_.read(); !passed) return passed.error();
    if (storage_.peers_.empty()) return std::vector<PeerRecord>();
    return storage_.peers_.back().peers->unpack();
  }
  Result<void> save(const std::vector<PeerRecord>& peers) override {
    return storage_.save_peers(opened_, peers);
  }

 private:
  VirtualStorage& storage_;
  const unsigned opened_;
};

class VirtualStorage::Bans final : public BanStore {
 public:
  Bans(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::vector<BanRecord>> load() override {
    if (Result<void> passed = storage_.read(); !passed) return passed.error();
    return storage_.synced_.bans().load();
  }
  Result<void> put(const BanRecord& ban) override {
    return storage_.write_durably(opened_, [ban](Database& disk) { return disk.bans().put(ban); });
  }
  Result<void> remove(const Address& address) override {
    return storage_.write_durably(
        opened_, [address](Database& disk) { return disk.bans().remove(address); });
  }
  Result<void> clear() override {
    return storage_.write_durably(opened_, [](Database& disk) { return disk.bans().clear(); });
  }

 private:
  VirtualStorage& storage_;
  const unsigned opened_;
};

/// Nothing that matters is in it, so late writes do no harm.
class VirtualStorage::Cache final : public CacheStore {
 public:
  Cache(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::optional<Entry>> get(std::string_view type, std::string_view key,
                                   WallTime now) override {
    if (Result<void> passed = storage_.read(); !passed) return passed.error();
    return cache().get(type, key, now);
  }
  Result<void> set(std::string_view type, std::string_view key, std::string_view value,
                   WallTime now, std::size_t limit) override {
    if (Result<void> passed = storage_.write(opened_); !passed) return passed;
    return cache().set(type, key, value, now, limit);
  }
  Result<void> remove(std::string_view type, std::string_view key) override {
    if (Result<void> passed = storage_.write(opened_); !passed) return passed;
    return cache().remove(type, key);
  }
  Result<void> normalize(std::string_view type, WallTime created_before,
                         std::size_t limit) override {
    if (Result<void> passed = storage_.write(opened_); !passed) return passed;
    return cache().normalize(type, created_before, limit);
  }
  Result<void> flush(std::string_view type) override {
    if (Result<void> passed = storage_.write(opened_); !passed) return passed;
    return cache().flush(type);
  }

 private:
  [[nodiscard]] CacheStore& cache() { return storage_.unsynced_->cache(); }

  VirtualStorage& storage_;
  const unsigned opened_;
};

class VirtualStorage::Handle final : public Database {
 public:
  Handle(VirtualStorage& storage, unsigned opened)
      : data_(storage, opened),
        peers_(storage, opened),
        bans_(storage, opened),
        cache_(storage, opened) {}
  DataStore& data() override { return data_; }
  PeerStore& peers() override { return peers_; }
  BanStore& bans() override { return bans_; }
  CacheStore& cache() override { return cache_; }

 private:
  Data data_;
  Peers peers_;
  Bans bans_;
  Cache cache_;
};

VirtualStorage::VirtualStorage(VirtualTime& time, MachineId machine, std::uint64_t seed)
    : time_(time), machine_(machine), random_(std::make_unique<SeededRandom>(seed)) {}

VirtualStorage::~VirtualStorage() = default;

std::unique_ptr<Database> VirtualStorage::open() {
  return std::make_unique<Handle>(*this, ++opened_);
}

Result<void> VirtualStorage::read() const {
  if (faults_.read_errors > 0 && random_->uniform() < faults_.read_errors) return broken("read");
  return {};
}

Result<void> VirtualStorage::write(unsigned opened) const {
  if (opened != opened_) return gone();
  if (faults_.write_errors > 0 && random_->uniform() < faults_.write_errors) return broken("write");
  return {};
}

Result<void> VirtualStorage::write_durably(unsigned opened, const Write& change) {
  if (Result<void> passed = write(opened); !passed) return passed;
  if (faults_.sync_max > Duration::zero() && !time_.is_halted(machine_)) {
    const auto span = static_cast<Duration::rep>(static_cast<double>(faults_.sync_max.count()) *
                                                 random_->uniform());
    busy_until_ = std::max(busy_until_, time_.now()) + Duration(span);
    pending_.push_back(&change);
    time_.sleep(machine_, busy_until_ - time_.now());
    if (opened != opened_) return gone();
    std::erase(pending_, &change);
  }
  return change(synced_);
}

Result<void> VirtualStorage::save_peers(unsigned opened, const std::vector<PeerRecord>& peers) {
  if (Result<void> passed = write(opened); !passed) return passed;
  settle_peers();
  peers_.push_back({std::make_shared<const detail::PackedPeers>(peers), time_.now()});
  return {};
}

void VirtualStorage::settle_peers() {
  std::size_t settled = 0;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (time_.now() - peers_[i].written_at >= kSyncDelay) settled = i;
  }
  peers_.erase(peers_.begin(), peers_.begin() + static_cast<std::ptrdiff_t>(settled));
}

void VirtualStorage::close() {
  ++opened_;
  busy_until_ = {};
  if (pending_.empty()) return;
  // Only the first had begun; whether its last byte was written, nobody knows.
  if (random_->below(2) == 0) static_cast<void>((*pending_.front())(synced_));
  pending_.clear();
}

void VirtualStorage::lose_power() {
  close();
  settle_peers();
  const bool has_settled = !peers_.empty() && time_.now() - peers_.front().written_at >= kSyncDelay;
  const std::size_t settled = has_settled ? 1 : 0;
  const std::size_t unsynced = peers_.size() - settled;
  // Of how many lists the last one has survived.
  const std::size_t survivors = settled + (faults_.is_unruly ? random_->below(unsynced + 1) : 0);
  peers_.resize(survivors);
  if (survivors > 1) peers_.erase(peers_.begin(), peers_.end() - 1);
  if (survivors > 0) peers_.front().written_at = time_.now() - kSyncDelay;
  const bool is_cache_kept = faults_.is_unruly && random_->below(2) == 0;
  if (!is_cache_kept) unsynced_ = std::make_unique<MemoryDatabase>();
}

}  // namespace spreadable
