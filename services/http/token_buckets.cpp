#include "services/http/token_buckets.h"

#include <algorithm>

#include "core/assert.h"

namespace spreadable {

TokenBuckets::TokenBuckets(Options options) : options_(options) {
  SPREADABLE_ASSERT(options_.per_second > 0);
  SPREADABLE_ASSERT(options_.burst >= 1);
  SPREADABLE_ASSERT(options_.sources_max > 0);
}

bool TokenBuckets::try_take(const IpAddress& source, TimePoint now) {
  Bucket& bucket = touch(source, now);
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.tokens = std::min(options_.burst, bucket.tokens + passed.count() * options_.per_second);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

TokenBuckets::Bucket& TokenBuckets::touch(const IpAddress& source, TimePoint now) {
  if (const auto known = by_source_.find(source); known != by_source_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, known->second);
    return buckets_.front();
  }
  if (buckets_.size() == options_.sources_max) {
    by_source_.erase(buckets_.back().source);
    buckets_.pop_back();
  }
  buckets_.push_front({source, options_.burst, now});
  by_source_.emplace(source, buckets_.begin());
  return buckets_.front();
}

}  // namespace spreadable
