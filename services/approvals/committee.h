// services/approvals/committee.h: who votes. Pure functions that every node computes alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/ip.h"
#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// The start of the period that `time_ms` lies in, both milliseconds since the epoch.
/// Requires: period_ms > 0. Source: protocol section 7.1.
[[nodiscard]] std::int64_t period_start(std::int64_t time_ms, std::int64_t period_ms);

/// `addresses` in the order in which they are asked to vote in the period that begins at
/// `period_start_ms`, each once: by the hash of address and period. Periods are known in advance,
/// so whoever owns many addresses can aim for a seat; this makes cheating dear, not impossible.
/// Source: protocol section 7.2.
[[nodiscard]] std::vector<std::string> approver_order(std::vector<std::string> addresses,
                                                      std::int64_t period_start_ms);

/// One who may get a seat.
struct Candidate {
  Address address;
  IpAddress ip;
  /// Takes part for itself, whoever shares its network: loopback and private addresses, and those
  /// trusted.
  bool is_exempt = false;
};

/// Who shares one seat: all of an IPv4 /24 or an IPv6 /48, or an exempt candidate alone. One line
/// has many addresses and any number of ports, so neither brings more seats. Source: reliability
/// section 1.3, step 1.
[[nodiscard]] std::string seat_group(const Candidate& candidate);

/// What decides the order of seats.
struct SeatSeed {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  /// Half of the SHA-256 of `text`.
  [[nodiscard]] static SeatSeed of(std::string_view text);
};

/// The seed of the committee of `action` in the period that begins at `period_start_ms`. Without a
/// `value` of the beacon it can be foreseen, and only the one seat for each group stands against
/// aiming.
[[nodiscard]] SeatSeed seat_seed(std::string_view action, std::int64_t period_start_ms,
                                 const std::optional<std::string>& value);

/// Who may sit, ready to be put in order again and again.
class SeatPlan {
 public:
  /// Candidates in any order; one named twice counts once.
  explicit SeatPlan(std::vector<Candidate> candidates);

  /// How many seats there are: the groups.
  [[nodiscard]] std::size_t seats() const { return groups_.size(); }
  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
  /// The first `count` of those whom `seed` seats, one of each group, as indices of candidates().
  /// The order of two groups depends on the seed and their own names only, so that two nodes whose
  /// lists differ by one candidate differ by one seat at most.
  [[nodiscard]] std::vector<std::size_t> choose(const SeatSeed& seed, std::size_t count) const;

 private:
  struct Group {
    std::uint64_t id = 0;   ///< of its name
    std::size_t begin = 0;  ///< its candidates
    std::size_t end = 0;
  };

  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::size_t>> first_groups(
      const SeatSeed& seed, std::size_t count) const;

  std::vector<Candidate> candidates_;  ///< group by group, in each by address
  std::vector<std::uint64_t> ids_;     ///< of the candidates' addresses
  std::vector<Group> groups_;          ///< by name
};

/// SipHash-2-4 of the eight bytes of `word`, the lowest first: who does not know the seed can't
/// tell how it orders two words. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF",
/// 2012.
[[nodiscard]] std::uint64_t keyed_hash(const SeatSeed& seed, std::uint64_t word);

}  // namespace spreadable
