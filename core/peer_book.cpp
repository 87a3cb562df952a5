#include "core/peer_book.h"

#include <algorithm>
#include <iterator>

namespace spreadable {

PeerBook::List& PeerBook::list_of(const Entry& entry) {
  if (!entry.is_heard) return named_;
  return entry.is_anchor ? anchors_ : heard_;
}

void PeerBook::drop_last_of(List& list) {
  index_.erase(list.back().address.text());
  list.pop_back();
}

void PeerBook::drop_surplus() {
  while (heard_.size() > heard_max_) {
    Entry& last = heard_.back();
    if (last.has_answered && anchors_.size() < kAnchorsMax) {
      last.is_anchor = true;
      anchors_.splice(anchors_.begin(), heard_, std::prev(heard_.end()));
    } else {
      drop_last_of(heard_);
    }
  }
}

void PeerBook::set_heard_max(std::size_t count) {
  const MutexLock lock(mutex_);
  heard_max_ = std::clamp(count, kHeardMin, kHeardMax);
  drop_surplus();
}

PeerBook::Entry& PeerBook::heard(const Address& address, TimePoint now) {
  const auto known = index_.find(address.text());
  if (known == index_.end()) {
    heard_.push_front({.address = address});
    index_.emplace(heard_.front().address.text(), heard_.begin());
  } else {
    heard_.splice(heard_.begin(), list_of(*known->second), known->second);
  }
  Entry& entry = heard_.front();
  entry.is_heard = true;
  entry.is_anchor = false;
  entry.heard_at = now;
  drop_surplus();
  return entry;
}

void PeerBook::mention(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  if (index_.contains(address.text())) return;
  named_.push_front({.address = address, .heard_at = now});
  index_.emplace(named_.front().address.text(), named_.begin());
  if (named_.size() > kNamedMax) drop_last_of(named_);
}

void PeerBook::note_success(const Address& address, TimePoint now, bool is_native) {
  const MutexLock lock(mutex_);
  Entry& found = heard(address, now);
  note_call(found, /*is_answered=*/true);
  found.fails = 0;
  found.has_answered = true;
  found.is_native = is_native;
}

void PeerBook::note_heard(const Address& address, TimePoint now, bool is_native) {
  const MutexLock lock(mutex_);
  Entry& found = heard(address, now);
  found.fails = 0;
  found.is_native = is_native;
}

void PeerBook::note_call(Entry& entry, bool is_answered) {
  constexpr float kShare =
      2.0F / kCallsToJudge;  // so that about the last kCallsToJudge calls count
  entry.success = entry.success * (1 - kShare) + (is_answered ? kShare : 0);
  entry.calls = std::min(entry.calls + 1, kCallsToJudge);
}

void PeerBook::note_failure(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  if (known == index_.end()) return;
  Entry& entry = *known->second;
  note_call(entry, /*is_answered=*/false);
  ++entry.fails;
  entry.tried_at = now;
}

void PeerBook::forget(const Address& address) {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  if (known == index_.end()) return;
  const List::iterator entry = known->second;
  index_.erase(known);  // first, since its key stands in the entry
  list_of(*entry).erase(entry);
}

bool PeerBook::is_unreliable(const Entry& entry) {
  return entry.calls >= kCallsToJudge && entry.success < 0.5;
}

bool PeerBook::is_unreliable(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  return known != index_.end() && is_unreliable(*known->second);
}

bool PeerBook::is_suspect(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  return known != index_.end() && (known->second->fails > 0 || is_unreliable(*known->second));
}

unsigned PeerBook::fails(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  return known == index_.end() ? 0 : known->second->fails;
}

bool PeerBook::is_native(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  return known != index_.end() && known->second->is_native;
}

bool PeerBook::has_answered(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  return known != index_.end() && known->second->has_answered;
}

bool PeerBook::is_foreign(const Address& address) const {
  const MutexLock lock(mutex_);
  const auto known = index_.find(address.text());
  return known != index_.end() && known->second->has_answered && !known->second->is_native;
}

std::vector<PeerBook::Entry> PeerBook::entries() const {
  std::vector<Entry> entries;
  visit([&](const Entry& entry) {
    entries.push_back(entry);
    return true;
  });
  return entries;
}

void PeerBook::visit(const std::function<bool(const Entry&)>& see) const {
  const MutexLock lock(mutex_);
  for (const List* list : {&heard_, &anchors_, &named_}) {
    for (const Entry& entry : *list) {
      if (!see(entry)) return;
    }
  }
}

}  // namespace spreadable
