// services/http/token_buckets.h: how often each of many sources may do something.
#pragma once

#include <cstddef>
#include <list>
#include <map>

#include "core/clock.h"
#include "core/ip.h"

namespace spreadable {

/// A bucket of tokens for each source: full at first, filled at a constant rate, and every deed
/// takes a token. A bucket that was not touched for as long as it takes to fill is as good as none,
/// so the number kept is bounded at little cost: the one untouched for longest is forgotten first.
/// Not thread-safe.
class TokenBuckets {
 public:
  struct Options {
    double per_second = 20;            ///< tokens that come to each bucket, > 0
    double burst = 200;                ///< tokens of a full one, >= 1
    std::size_t sources_max = 10'000;  ///< buckets kept, > 0
  };
  explicit TokenBuckets(Options options);

  /// Takes a token of `source`. False when it has none left. `now` never goes back.
  [[nodiscard]] bool try_take(const IpAddress& source, TimePoint now);

  [[nodiscard]] std::size_t sources() const { return buckets_.size(); }

 private:
  struct Bucket {
    IpAddress source;
    double tokens = 0;
    TimePoint at;  ///< when they were counted
  };

  [[nodiscard]] Bucket& touch(const IpAddress& source, TimePoint now);

  const Options options_;
  std::list<Bucket> buckets_;  ///< the one touched last comes first
  std::map<IpAddress, std::list<Bucket>::iterator> by_source_;
};

}  // namespace spreadable
