// Reports of masters, and a master's part in the beacon. Lines of JSON are reports; the bytes of
// all of it also drive a record through time.
#include "services/approvals/beacon_record.h"

#include <vector>

#include "core/secret.h"
#include "core/transport.h"
#include "services/approvals/seat_report.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

const Address kSelf = *Address::parse("self.example:1");
const Address kOther = *Address::parse("other.example:1");
constexpr Millis kPeriod{800};

void check_report(const SeatReport& report) {
  SPREADABLE_ASSERT(report.reveals.size() <= Transport::kGroupMax);
  SPREADABLE_ASSERT(report.members.size() <= Transport::kGroupMax);
  for (const auto& [master, word] : report.reveals) SPREADABLE_ASSERT(is_beacon_word(word));
  const Result<SeatReport> again = SeatReport::parse(report.json());
  SPREADABLE_ASSERT(again && again->json() == report.json());
}

/// The order in which masters answer changes nothing.
void check_reports(const std::vector<SeatReport>& reports) {
  const std::vector<SeatReport> backwards(reports.rbegin(), reports.rend());
  SPREADABLE_ASSERT(beacon_value(reports) == beacon_value(backwards));
  const std::vector<Address> seniors = senior_members(reports, kPeriod);
  SPREADABLE_ASSERT(seniors == senior_members(backwards, kPeriod));
  SPREADABLE_ASSERT(std::is_sorted(seniors.begin(), seniors.end()));
  SPREADABLE_ASSERT(std::adjacent_find(seniors.begin(), seniors.end()) == seniors.end());
}

/// What is revealed was promised, and nothing is revealed before its time.
void check_slot(const BeaconRecord& record, std::int64_t slot, std::int64_t now) {
  const Reveals reveals = record.reveals(slot, now);
  SPREADABLE_ASSERT(reveals.empty() || now >= slot - kPeriod.count());
  for (const Address& master : record.withheld(slot)) SPREADABLE_ASSERT(!reveals.contains(master));
  const auto commitment = record.commitment(slot, now);
  if (commitment) SPREADABLE_ASSERT(is_beacon_word(*commitment) && reveals.empty());
}

void drive_record(std::string_view bytes) {
  SystemSecrets secrets;
  BeaconRecord record(kSelf, kPeriod, secrets);
  std::int64_t now = 1'000'000;
  while (!bytes.empty()) {
    const std::uint8_t step = fuzz::cut_byte(bytes);
    const std::int64_t slot = (now / kPeriod.count() + step % 4) * kPeriod.count();
    const std::string secret(64, static_cast<char>('a' + step % 5));
    now += step % 16 * 50;
    if (step & 0x80) record.advance(now, /*is_master=*/(step & 0x40) != 0);
    if (step & 0x20) record.note_commitment(kOther, slot, commitment_of(kOther, slot, secret), now);
    if (step & 0x10) record.note_reveal(kOther, slot, secret, now);
    for (std::int64_t i = -1; i < 4; ++i) check_slot(record, slot + i * kPeriod.count(), now);
    static_cast<void>(record.lacks(kOther, now));
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  drive_record(input.substr(0, 256));
  std::vector<SeatReport> reports;
  while (!input.empty()) {
    const Result<Json> json = parse_json(cut_line(input));
    if (!json) continue;
    Result<SeatReport> report = SeatReport::parse(*json);
    if (!report) {
      check_error(report.error(), {Errc::bad_response});
      continue;
    }
    check_report(*report);
    reports.push_back(std::move(*report));
  }
  check_reports(reports);
}

}  // namespace spreadable
