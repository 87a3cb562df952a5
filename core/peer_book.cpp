#include "core/peer_book.h"

#include <algorithm>

namespace spreadable {

PeerBook::Entry& PeerBook::entry(const Address& address, TimePoint now) {
  const auto known = index_.find(address);
  if (known != index_.end()) return *known->second;
  if (order_.size() >= kEntriesMax) {
    index_.erase(order_.back().address);
    order_.pop_back();
  }
  order_.push_front({.address = address, .heard_at = now});
  index_.emplace(address, order_.begin());
  return order_.front();
}

void PeerBook::mention(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  entry(address, now);
}

void PeerBook::note_success(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  Entry& found = entry(address, now);
  note_call(found, /*is_answered=*/true);
  found.fails = 0;
  found.has_answered = true;
  found.heard_at = now;
  order_.splice(order_.begin(), order_, index_.at(address));
}

void PeerBook::note_heard(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  Entry& found = entry(address, now);
  found.fails = 0;
  found.heard_at = now;
  order_.splice(order_.begin(), order_, index_.at(address));
}

void PeerBook::note_call(Entry& entry, bool is_answered) {
  constexpr double kShare =
      2.0 / kCallsToJudge;  // so that about the last kCallsToJudge calls count
  entry.success = entry.success * (1 - kShare) + (is_answered ? kShare : 0);
  entry.calls = std::min(entry.calls + 1, kCallsToJudge);
}

void PeerBook::note_failure(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address);
  if (known == index_.end()) return;
  note_call(*known->second, /*is_answered=*/false);
  ++known->second->fails;
  known->second->tried_at = now;
}

void PeerBook::note_native(const Address& address, bool is_native) {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address);
  if (known != index_.end()) known->second->is_native = is_native;
}

void PeerBook::forget(const Address& address) {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address);
  if (known == index_.end()) return;
  order_.erase(known->second);
  index_.erase(known);
}

bool PeerBook::is_unreliable(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address);
  return known != index_.end() && known->second->calls >= kCallsToJudge &&
         known->second->success < 0.5;
}

unsigned PeerBook::fails(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address);
  return known == index_.end() ? 0 : known->second->fails;
}

bool PeerBook::is_native(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address);
  return known != index_.end() && known->second->is_native;
}

std::vector<PeerBook::Entry> PeerBook::entries() const {
  const MutexLock lock(mutex_);
  return {order_.begin(), order_.end()};
}

}  // namespace spreadable
