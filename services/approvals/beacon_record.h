// services/approvals/beacon_record.h: one master's part in making values that nobody knows
// beforehand.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/secret.h"
#include "services/approvals/seat_report.h"

namespace spreadable {

/// For each period masters promise a secret two periods ahead, and reveal it one period ahead: the
/// value made of all reveals is fixed before anyone knows it, except that whoever reveals last may
/// withhold its own, and so choose between two values. That is seen: withheld().
///
/// Promises are taken and secrets are given with a margin between them, so that clocks may differ
/// by as much. All times are milliseconds since the epoch by this node's clock; slots are starts of
/// periods. Plain state without I/O; not thread-safe. Source: reliability section 1.3, step 2.
class BeaconRecord {
 public:
  /// `secrets` outlives this object. Requires: period > 0.
  BeaconRecord(Address self, Millis period, SecretSource& secrets);

  /// Time has passed: promises what is due when this node `is_master`, and forgets what is over.
  /// Called several times in each period.
  void advance(std::int64_t now, bool is_master);

  /// What this node promises for `slot`, while promises for it are made; else nothing.
  [[nodiscard]] std::optional<std::string> commitment(std::int64_t slot, std::int64_t now) const;
  /// What is revealed for `slot`: nothing before its time.
  [[nodiscard]] Reveals reveals(std::int64_t slot, std::int64_t now) const;
  /// Whether this node has listened since promises for `slot` began.
  [[nodiscard]] bool is_witness(std::int64_t slot) const;
  /// Who promised a secret for `slot` and never revealed it.
  [[nodiscard]] std::vector<Address> withheld(std::int64_t slot) const;

  /// `master` promises `commitment` for `slot`. The first promise counts, and one that comes late
  /// does not.
  void note_commitment(const Address& master, std::int64_t slot, const std::string& commitment,
                       std::int64_t now);
  /// Somebody tells the secret of `master`. Counts when it was promised, and comes before the slot.
  void note_reveal(const Address& master, std::int64_t slot, const std::string& secret,
                   std::int64_t now);

  /// Whether this node still has to ask `master` in the slot that `now` lies in.
  [[nodiscard]] bool lacks(const Address& master, std::int64_t now) const;

 private:
  struct Round {
    std::map<Address, std::string> commitments;
    Reveals reveals;
    std::string own_secret;  ///< empty: this node makes no promise
  };

  [[nodiscard]] std::int64_t slot_of(std::int64_t now) const;
  [[nodiscard]] const Round* find(std::int64_t slot) const;

  const Address self_;
  SecretSource* secrets_;  ///< a pointer, so that records can be copied
  const std::int64_t period_;
  const std::int64_t margin_;  ///< an eighth of the period
  std::map<std::int64_t, Round> rounds_;
  std::int64_t advanced_at_ = 0;
  std::optional<std::int64_t> listening_since_;
};

}  // namespace spreadable
