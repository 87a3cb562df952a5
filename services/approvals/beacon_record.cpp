#include "services/approvals/beacon_record.h"

#include <utility>

#include "core/assert.h"
#include "services/approvals/committee.h"

namespace spreadable {
namespace {

std::string secret_word(SecretSource& secrets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string word;
  for (const char byte : secrets.bytes(32)) {
    word += kDigits[static_cast<unsigned char>(byte) >> 4];
    word += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return word;
}

}  // namespace

BeaconRecord::BeaconRecord(Address self, Millis period, SecretSource& secrets)
    : self_(std::move(self)),
      secrets_(&secrets),
      period_(period.count()),
      margin_(period.count() / 8) {
  SPREADABLE_ASSERT(period_ > 0);
}

std::int64_t BeaconRecord::slot_of(std::int64_t now) const {
  return period_start(now, period_);
}

const BeaconRecord::Round* BeaconRecord::find(std::int64_t slot) const {
  const auto found = rounds_.find(slot);
  return found == rounds_.end() ? nullptr : &found->second;
}

void BeaconRecord::advance(std::int64_t now, bool is_master) {
  const std::int64_t slot = slot_of(now);
  // Claims may name the period before; older ones are over.
  std::erase_if(rounds_, [&](const auto& item) { return item.first < slot - period_; });
  const bool has_slept = now - advanced_at_ > period_ / 2 || now < advanced_at_;
  advanced_at_ = now;
  if (!is_master) {
    listening_since_.reset();
    return;
  }
  if (!listening_since_ || has_slept) listening_since_ = now;
  const std::int64_t next = slot + 2 * period_;
  Round& round = rounds_[next];
  if (!round.own_secret.empty() || now >= next - period_ - margin_) return;
  round.own_secret = secret_word(*secrets_);
  round.commitments[self_] = commitment_of(self_, next, round.own_secret);
  round.reveals[self_] = round.own_secret;
}

std::optional<std::string> BeaconRecord::commitment(std::int64_t slot, std::int64_t now) const {
  const Round* const round = find(slot);
  if (!round || round->own_secret.empty() || slot_of(now) != slot - 2 * period_) return {};
  return round->commitments.at(self_);
}

Reveals BeaconRecord::reveals(std::int64_t slot, std::int64_t now) const {
  const Round* const round = find(slot);
  if (!round || now < slot - period_ + margin_) return {};
  return round->reveals;
}

bool BeaconRecord::is_witness(std::int64_t slot) const {
  // Whoever came in the first quarter has still asked everybody several times.
  return listening_since_ && *listening_since_ <= slot - 2 * period_ + period_ / 4;
}

std::vector<Address> BeaconRecord::withheld(std::int64_t slot) const {
  std::vector<Address> silent;
  if (const Round* const round = find(slot)) {
    for (const auto& [master, commitment] : round->commitments) {
      if (!round->reveals.contains(master)) silent.push_back(master);
    }
  }
  return silent;
}

void BeaconRecord::note_commitment(const Address& master, std::int64_t slot,
                                   const std::string& commitment, std::int64_t now) {
  const bool is_in_time = now >= slot - 2 * period_ && now < slot - period_ - margin_;
  if (!is_in_time || slot != slot_of(slot) || !is_beacon_word(commitment)) return;
  rounds_[slot].commitments.try_emplace(master, commitment);
}

void BeaconRecord::note_reveal(const Address& master, std::int64_t slot, const std::string& secret,
                               std::int64_t now) {
  const auto round = rounds_.find(slot);
  if (round == rounds_.end() || now < slot - period_ || now >= slot) return;
  const auto promised = round->second.commitments.find(master);
  if (promised == round->second.commitments.end()) return;
  if (promised->second != commitment_of(master, slot, secret)) return;
  round->second.reveals.try_emplace(master, secret);
}

bool BeaconRecord::lacks(const Address& master, std::int64_t now) const {
  const std::int64_t slot = slot_of(now);
  const Round* const promising = find(slot + 2 * period_);
  const bool is_late = now >= slot + period_ - margin_;
  if (!is_late && !(promising && promising->commitments.contains(master))) return true;
  const Round* const revealing = find(slot + period_);
  return now >= slot + margin_ && revealing && revealing->commitments.contains(master) &&
         !revealing->reveals.contains(master);
}

}  // namespace spreadable
