// services/identity/challenges.h: numbers used once, and who has used them how often.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/address.h"
#include "core/clock.h"

namespace spreadable {

/// The receiver's side of signatures: makes challenges, and lets each be signed once with each
/// count, so that a request that was overheard can't be sent again. A challenge says itself whom it
/// is for and when it was made, under a mark of this object, so strangers who ask for many take no
/// memory; only counts of proven senders do. Plain state; not thread-safe. Source: the nonce and
/// its count of RFC 7616, section 3.3.
class Challenges {
 public:
  static constexpr Duration kLifetime = std::chrono::minutes{10};
  /// Requests of one sender that may overtake each other on the way.
  static constexpr std::size_t kWindow = 1024;
  static constexpr std::size_t kSendersMax = 10'000;  ///< the one silent for longest is forgotten

  Challenges();

  /// A challenge for `sender`.
  [[nodiscard]] std::string make(const Address& sender, TimePoint now) const;
  /// Whether `challenge` was made here, for `sender`, lately, and is not older than another that
  /// the sender has used.
  [[nodiscard]] bool is_valid(const Address& sender, std::string_view challenge,
                              TimePoint now) const;
  /// Notes that `sender`, proven by its signature, has used `challenge` with `count`; false when it
  /// had done so before, or so long ago that nobody knows. Requires: is_valid.
  [[nodiscard]] bool use(const Address& sender, std::string_view challenge, std::uint64_t count);

  [[nodiscard]] std::size_t senders() const { return uses_.size(); }

 private:
  struct Use {
    Address sender;
    std::int64_t made_at = 0;
    std::string challenge;
    std::uint64_t highest = 0;
    std::bitset<kWindow> seen;  ///< bit i: count highest - i
  };

  [[nodiscard]] std::string mark(const Address& sender, std::string_view head) const;
  [[nodiscard]] static std::int64_t made_at(std::string_view challenge);
  Use& use_of(const Address& sender, std::string_view challenge);

  const std::string secret_;
  std::int64_t forgotten_until_ = INT64_MIN;  ///< challenges made up to then may have been used
  std::list<Use> order_;                      ///< the latest first
  std::unordered_map<Address, std::list<Use>::iterator> uses_;
};

}  // namespace spreadable
