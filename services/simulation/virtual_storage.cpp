#include "services/simulation/virtual_storage.h"

#include <utility>

namespace spreadable {
namespace {

Error gone() {
  return {Errc::io, "the machine of this storage is down", {}};
}

}  // namespace

/// Lets writes through as long as the program that opened it is the latest one.
class VirtualStorage::Data final : public DataStore {
 public:
  Data(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::optional<std::string>> get(std::string_view key) override {
    return storage_.synced_.data().get(key);
  }
  Result<void> set(std::string_view key, std::string_view value) override {
    if (opened_ != storage_.opened_) return gone();
    return storage_.synced_.data().set(key, value);
  }

 private:
  VirtualStorage& storage_;
  const unsigned opened_;
};

class VirtualStorage::Peers final : public PeerStore {
 public:
  Peers(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::vector<PeerRecord>> load() override {
    return storage_.peers_.empty() ? std::vector<PeerRecord>() : storage_.peers_.back().peers;
  }
  Result<void> save(const std::vector<PeerRecord>& peers) override {
    if (opened_ != storage_.opened_) return gone();
    storage_.save_peers(peers);
    return {};
  }

 private:
  VirtualStorage& storage_;
  const unsigned opened_;
};

class VirtualStorage::Bans final : public BanStore {
 public:
  Bans(VirtualStorage& storage, unsigned opened) : storage_(storage), opened_(opened) {}
  Result<std::vector<BanRecord>> load() override { return storage_.synced_.bans().load(); }
  Result<void> put(const BanRecord& ban) override {
    if (opened_ != storage_.opened_) return gone();
    return storage_.synced_.bans().put(ban);
  }
  Result<void> remove(const Address& address) override {
    if (opened_ != storage_.opened_) return gone();
    return storage_.synced_.bans().remove(address);
  }
  Result<void> clear() override {
    if (opened_ != storage_.opened_) return gone();
    return storage_.synced_.bans().clear();
  }

 private:
  VirtualStorage& storage_;
  const unsigned opened_;
};

class VirtualStorage::Handle final : public Database {
 public:
  Handle(VirtualStorage& storage, unsigned opened)
      : data_(storage, opened),
        peers_(storage, opened),
        bans_(storage, opened),
        cache_(storage.unsynced_->cache()) {}
  DataStore& data() override { return data_; }
  PeerStore& peers() override { return peers_; }
  BanStore& bans() override { return bans_; }
  CacheStore& cache() override { return cache_; }

 private:
  Data data_;
  Peers peers_;
  Bans bans_;
  CacheStore& cache_;  // nothing that matters is in it, so late writes do no harm
};

std::unique_ptr<Database> VirtualStorage::open() {
  return std::make_unique<Handle>(*this, ++opened_);
}

void VirtualStorage::save_peers(const std::vector<PeerRecord>& peers) {
  settle_peers();
  peers_.push_back({peers, time_.now()});
}

void VirtualStorage::settle_peers() {
  std::size_t settled = 0;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (time_.now() - peers_[i].written_at >= kSyncDelay) settled = i;
  }
  peers_.erase(peers_.begin(), peers_.begin() + static_cast<std::ptrdiff_t>(settled));
}

void VirtualStorage::lose_power() {
  close();
  settle_peers();
  std::erase_if(peers_, [&](const PeersVersion& version) {
    return time_.now() - version.written_at < kSyncDelay;
  });
  unsynced_ = std::make_unique<MemoryDatabase>();
}

}  // namespace spreadable
