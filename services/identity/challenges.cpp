#include "services/identity/challenges.h"

#include <charconv>
#include <utility>

#include "core/assert.h"
#include "core/base64.h"
#include "core/secret.h"

namespace spreadable {
namespace {

// A challenge is `<nanoseconds>.<random>.<mark>`.
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kRandomBytes = 9;  // of multiples of three base64 makes no padding
constexpr std::size_t kMarkBytes = 15;

}  // namespace

Challenges::Challenges() : secret_(secret_bytes(kSecretBytes)) {}

std::string Challenges::mark(const Address& sender, std::string_view head) const {
  const std::string text = sender.text() + "\n" + std::string(head);
  return base64_encode(hmac_sha256(secret_, text).substr(0, kMarkBytes));
}

std::string Challenges::make(const Address& sender, TimePoint now) const {
  const std::string head = std::to_string(now.time_since_epoch().count()) + "." +
                           base64_encode(secret_bytes(kRandomBytes));
  return head + "." + mark(sender, head);
}

/// Of a text that bears this object's mark.
std::int64_t Challenges::made_at(std::string_view challenge) {
  std::int64_t time = 0;
  std::from_chars(challenge.data(), challenge.data() + challenge.size(), time);
  return time;
}

bool Challenges::is_valid(const Address& sender, std::string_view challenge, TimePoint now) const {
  const std::size_t end = challenge.rfind('.');
  if (end == std::string_view::npos) return false;
  if (!equal_in_constant_time(mark(sender, challenge.substr(0, end)), challenge.substr(end + 1))) {
    return false;
  }
  const std::int64_t made = made_at(challenge);
  if (made <= forgotten_until_) return false;
  if (now.time_since_epoch().count() - made > Duration(kLifetime).count()) return false;
  const auto use = uses_.find(sender);
  return use == uses_.end() || use->second->challenge == challenge || use->second->made_at < made;
}

Challenges::Use& Challenges::use_of(const Address& sender, std::string_view challenge) {
  const auto known = uses_.find(sender);
  if (known != uses_.end()) {
    order_.splice(order_.begin(), order_, known->second);
  } else {
    if (order_.size() >= kSendersMax) {
      forgotten_until_ = std::max(forgotten_until_, order_.back().made_at);
      uses_.erase(order_.back().sender);
      order_.pop_back();
    }
    order_.emplace_front().sender = sender;
    uses_[sender] = order_.begin();
  }
  Use& use = order_.front();
  if (use.challenge != challenge) {
    use.challenge = challenge;
    use.made_at = made_at(challenge);
    use.highest = 0;
    use.seen.reset();
  }
  return use;
}

bool Challenges::use(const Address& sender, std::string_view challenge, std::uint64_t count) {
  Use& use = use_of(sender, challenge);
  if (count > use.highest) {
    const std::uint64_t step = count - use.highest;
    use.seen = step < kWindow ? use.seen << step : std::bitset<kWindow>();
    use.highest = count;
  }
  const std::uint64_t age = use.highest - count;
  if (age >= kWindow || use.seen[age]) return false;
  use.seen.set(age);
  return true;
}

}  // namespace spreadable
