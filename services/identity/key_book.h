// services/identity/key_book.h: which key speaks for which address.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "services/identity/key.h"

namespace spreadable {

/// The keys of peers, each seen at its address by a call that this node made, or signed in an
/// answer to one: whoever sends from elsewhere can't put one in. A key that was seen lately stays,
/// whatever the address says meanwhile; later a node that has lost its key may show another. Plain
/// state; not thread-safe.
class KeyBook {
 public:
  static constexpr std::size_t kKeysMax = 16'384;  ///< the one seen longest ago is forgotten
  static constexpr Duration kLifetime = std::chrono::hours{1};  ///< "lately"
  /// Addresses to look up; while there are as many, others have to ask again.
  static constexpr std::size_t kWantedMax = 64;
  /// Between two look-ups of one address.
  static constexpr Duration kLookUpPause = std::chrono::seconds{30};

  [[nodiscard]] const PublicKey* find(const Address& address) const;
  /// `key` was seen at `address`. False when another was there lately.
  bool note(const Address& address, const PublicKey& key, TimePoint now);

  /// The key of `address` is to be looked up, unless that was tried lately. Whether it will be.
  bool want(const Address& address, TimePoint now);
  /// Up to `count` addresses to look up now; they count as tried.
  [[nodiscard]] std::vector<Address> take_wanted(std::size_t count, TimePoint now);

 private:
  struct Entry {
    Address address;
    PublicKey key;
    TimePoint seen_at;
  };

  void drop_old_tries(TimePoint now);

  std::list<Entry> order_;  ///< the latest seen first
  std::unordered_map<Address, std::list<Entry>::iterator> index_;
  std::set<Address> wanted_;
  std::unordered_map<Address, TimePoint> tried_at_;
};

}  // namespace spreadable
