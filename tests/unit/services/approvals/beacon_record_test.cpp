#include "services/approvals/beacon_record.h"

#include <doctest/doctest.h>

namespace spreadable {
namespace {

constexpr std::int64_t kPeriod = 80'000;
constexpr std::int64_t kMargin = kPeriod / 8;
constexpr std::int64_t kSlot = 100 * kPeriod;  // the one that is promised for

const Address kSelf = *Address::parse("self.com:1");
const Address kPeer = *Address::parse("peer.com:1");

const std::string kSecret(64, 'a');

BeaconRecord master_at(std::int64_t now) {
  static SystemSecrets secrets;
  BeaconRecord record(kSelf, Millis{kPeriod}, secrets);
  record.advance(now, /*is_master=*/true);
  return record;
}

/// Lets time pass as the ticks of a node do.
void run(BeaconRecord& record, std::int64_t from, std::int64_t to) {
  for (std::int64_t now = from; now <= to; now += kMargin) record.advance(now, /*is_master=*/true);
}

}  // namespace

TEST_CASE("beacon record: promise: two periods ahead, the same all the time, and kept") {
  const std::int64_t begin = kSlot - 2 * kPeriod;
  BeaconRecord record = master_at(begin);
  const auto commitment = record.commitment(kSlot, begin);
  REQUIRE(commitment);
  CHECK(is_beacon_word(*commitment));
  run(record, begin, kSlot - kPeriod - 1);
  CHECK(record.commitment(kSlot, kSlot - kPeriod - 1) == commitment);
  CHECK_FALSE(record.commitment(kSlot, kSlot - kPeriod));
  CHECK_FALSE(record.commitment(kSlot + kPeriod, begin));
  const std::string secret = record.reveals(kSlot, kSlot - kPeriod + kMargin).at(kSelf);
  CHECK(commitment_of(kSelf, kSlot, secret) == *commitment);
}

TEST_CASE("beacon record: secret: is told only when no promise can be made any more") {
  const BeaconRecord record = master_at(kSlot - 2 * kPeriod);
  CHECK(record.reveals(kSlot, kSlot - kPeriod - 1).empty());
  CHECK(record.reveals(kSlot, kSlot - kPeriod + kMargin - 1).empty());
  CHECK(record.reveals(kSlot, kSlot - kPeriod + kMargin).size() == 1);
  CHECK(record.reveals(kSlot, kSlot).size() == 1);
}

TEST_CASE("beacon record: promise of a peer: the first in time counts") {
  const std::string good = commitment_of(kPeer, kSlot, kSecret);
  struct Row {
    std::int64_t at;
    bool counts;
  };
  for (const Row& row :
       {Row{kSlot - 2 * kPeriod - 1, false}, Row{kSlot - 2 * kPeriod, true},
        Row{kSlot - kPeriod - kMargin - 1, true}, Row{kSlot - kPeriod - kMargin, false}}) {
    INFO("at ", row.at);
    BeaconRecord record = master_at(kSlot - 2 * kPeriod);
    record.note_commitment(kPeer, kSlot, good, row.at);
    record.note_commitment(kPeer, kSlot, std::string(64, 'b'), row.at);
    record.note_reveal(kPeer, kSlot, kSecret, kSlot - 1);
    CHECK(record.reveals(kSlot, kSlot).contains(kPeer) == row.counts);
  }
}

TEST_CASE("beacon record: reveal of a peer: counts when it was promised and comes in time") {
  struct Row {
    std::string secret;
    std::int64_t at;
    bool counts;
  };
  for (const Row& row : {Row{kSecret, kSlot - kPeriod, true}, Row{kSecret, kSlot - 1, true},
                         Row{kSecret, kSlot, false}, Row{kSecret, kSlot - kPeriod - 1, false},
                         Row{std::string(64, 'b'), kSlot - 1, false}, Row{"", kSlot - 1, false}}) {
    INFO(row.secret, row.at - kSlot);
    BeaconRecord record = master_at(kSlot - 2 * kPeriod);
    record.note_commitment(kPeer, kSlot, commitment_of(kPeer, kSlot, kSecret), kSlot - 2 * kPeriod);
    record.note_reveal(kPeer, kSlot, row.secret, row.at);
    CHECK(record.reveals(kSlot, kSlot).contains(kPeer) == row.counts);
    CHECK(record.withheld(kSlot).empty() == row.counts);
  }
  BeaconRecord record = master_at(kSlot - 2 * kPeriod);
  record.note_reveal(kPeer, kSlot, kSecret, kSlot - 1);
  CHECK_FALSE(record.reveals(kSlot, kSlot).contains(kPeer));
  CHECK(record.withheld(kSlot).empty());
}

TEST_CASE("beacon record: witness: who has been a master since promises began, without a pause") {
  const std::int64_t begin = kSlot - 2 * kPeriod;
  BeaconRecord record = master_at(begin + kPeriod / 4);
  CHECK(record.is_witness(kSlot));
  CHECK_FALSE(record.is_witness(kSlot - kPeriod));
  CHECK(master_at(begin + kPeriod / 4 + 1).is_witness(kSlot) == false);
  run(record, begin + kPeriod / 4, kSlot);
  CHECK(record.is_witness(kSlot));
  BeaconRecord slave = record;
  slave.advance(kSlot + 1, /*is_master=*/false);
  CHECK_FALSE(slave.is_witness(kSlot));
  record.advance(kSlot + kPeriod, /*is_master=*/true);  // it has slept
  CHECK_FALSE(record.is_witness(kSlot));
}

TEST_CASE("beacon record: asking: a master is asked until it has said all it has to") {
  const std::int64_t now = kSlot - 2 * kPeriod;
  BeaconRecord record = master_at(now);
  CHECK(record.lacks(kPeer, now));
  record.note_commitment(kPeer, kSlot, commitment_of(kPeer, kSlot, kSecret), now);
  CHECK_FALSE(record.lacks(kPeer, now));
  const std::int64_t later = kSlot - kPeriod + kMargin;
  record.note_commitment(kPeer, kSlot + kPeriod, std::string(64, 'c'), later);
  CHECK(record.lacks(kPeer, later));
  record.note_reveal(kPeer, kSlot, kSecret, later);
  CHECK_FALSE(record.lacks(kPeer, later));
}

TEST_CASE("beacon record: memory: what is over is forgotten") {
  BeaconRecord record = master_at(kSlot - 2 * kPeriod);
  run(record, kSlot - 2 * kPeriod, kSlot + 2 * kPeriod - 1);
  CHECK(record.reveals(kSlot, kSlot + kPeriod).size() == 1);
  record.advance(kSlot + 2 * kPeriod, /*is_master=*/true);
  CHECK(record.reveals(kSlot, kSlot + 2 * kPeriod).empty());
}

}  // namespace spreadable
