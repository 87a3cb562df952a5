// services/approvals/seat_report.h: what masters tell about who may sit, and how a value is made of
// it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// What masters have revealed for one period: by address, 64 hex digits each.
using Reveals = std::map<Address, std::string>;

/// The promise to reveal `secret` for the period at `slot`: hex SHA-256 of all three.
[[nodiscard]] std::string commitment_of(const Address& master, std::int64_t slot,
                                        const std::string& secret);
/// Whether `text` is 64 lower-case hex digits: a commitment or a secret.
[[nodiscard]] bool is_beacon_word(std::string_view text);

[[nodiscard]] Json to_json(const Reveals& reveals);
/// Foreign: at most Transport::kGroupMax entries. Errc::bad_response.
[[nodiscard]] Result<Reveals> parse_reveals(const Json& json);

/// One master's answer about the period that begins at a given time.
struct SeatReport {
  struct Member {
    Address address;
    /// How long it had been seen in lists when the period began; negative for those who came later.
    Millis age{};
  };

  /// Whether this master has listened all the time while promises for the period were made.
  bool is_witness = false;
  Reveals reveals;              ///< that match a promise made to this master in time
  std::vector<Member> members;  ///< its slaves, or those of the masters it was asked about

  [[nodiscard]] Json json() const;
  /// Foreign: every field is checked. Who is named again, as one in two lists is, keeps the first
  /// age: the middle of several reports is believed, and each has one say in it.
  /// Errc::bad_response.
  [[nodiscard]] static Result<SeatReport> parse(const Json& json);
};

/// The period's value: hash of the reveals that most witnesses have, in the order of addresses. A
/// reveal that only a few have, since it came late or to chosen ears, does not count, so that
/// witnesses who answer one node and not another rarely change anything. Nothing where too little
/// is known: no witness, or fewer reveals than half of the witnesses. Source: reliability
/// section 1.3, step 2.
[[nodiscard]] std::optional<std::string> beacon_value(std::span<const SeatReport> reports);

/// Who has been seen in lists for long enough: for `full`, or in a network younger than twice that,
/// for half of the network's age. In one that began within the period everybody has. A network is
/// as old as half of the masters say, so that one master's tale does not age it. Sorted by address.
[[nodiscard]] std::vector<Address> senior_members(std::span<const SeatReport> reports, Millis full);

}  // namespace spreadable
