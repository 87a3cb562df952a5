#include "services/sync/isolation.h"

namespace spreadable {

void Isolation::note_size(std::size_t size, TimePoint now) {
  size_ = size;
  if (size >= largest_ || now - largest_at_ > kMemory) {
    largest_ = size;
    largest_at_ = now;
  }
  if (!is_shrunk()) witnesses_.clear();
}

void Isolation::note_peer(const Address& peer, bool knows_our_master, TimePoint now) {
  if (knows_our_master) {
    witnesses_.clear();
    return;
  }
  if (witnesses_.empty()) first_witness_at_ = now;
  if (witnesses_.size() < kWitnesses) witnesses_.insert(peer);
}

bool Isolation::is_cut_off(Duration interval, TimePoint now) const {
  return witnesses_.size() >= kWitnesses &&
         now - first_witness_at_ >= kPatienceIntervals * interval;
}

}  // namespace spreadable
