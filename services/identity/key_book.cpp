#include "services/identity/key_book.h"

namespace spreadable {

const PublicKey* KeyBook::find(const Address& address) const {
  const auto it = index_.find(address);
  return it == index_.end() ? nullptr : &it->second->key;
}

bool KeyBook::note(const Address& address, const PublicKey& key, TimePoint now) {
  const auto known = index_.find(address);
  if (known != index_.end()) {
    Entry& entry = *known->second;
    if (entry.key != key && now - entry.seen_at < kLifetime) return false;
    entry.key = key;
    entry.seen_at = now;
    order_.splice(order_.begin(), order_, known->second);
    return true;
  }
  if (order_.size() >= kKeysMax) {
    index_.erase(order_.back().address);
    order_.pop_back();
  }
  order_.push_front({address, key, now});
  index_[address] = order_.begin();
  return true;
}

void KeyBook::drop_old_tries(TimePoint now) {
  std::erase_if(tried_at_, [&](const auto& item) { return now - item.second >= kLookUpPause; });
}

bool KeyBook::want(const Address& address, TimePoint now) {
  if (wanted_.contains(address)) return true;
  if (wanted_.size() >= kWantedMax) return false;
  const auto tried = tried_at_.find(address);
  if (tried != tried_at_.end() && now - tried->second < kLookUpPause) return false;
  wanted_.insert(address);
  return true;
}

std::vector<Address> KeyBook::take_wanted(std::size_t count, TimePoint now) {
  drop_old_tries(now);
  std::vector<Address> taken;
  while (!wanted_.empty() && taken.size() < count) {
    taken.push_back(std::move(wanted_.extract(wanted_.begin()).value()));
    tried_at_[taken.back()] = now;
  }
  return taken;
}

}  // namespace spreadable
