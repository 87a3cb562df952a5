#include "services/approvals/committee.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "core/assert.h"
#include "core/data_hash.h"

namespace spreadable {
namespace {

std::array<std::uint64_t, 4> sha256(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  const int is_done =
      EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  SPREADABLE_ASSERT(is_done == 1 && size == digest.size());
  std::array<std::uint64_t, 4> words{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    words[i / 8] |= static_cast<std::uint64_t>(digest[i]) << (8 * (i % 8));
  }
  return words;
}

/// The state of SipHash.
struct Sip {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t keyed_hash(const SeatSeed& seed, std::uint64_t word) {
  constexpr std::uint64_t kLength = 8ULL << 56;  // of the message in bytes, in the last block
  Sip sip{seed.low ^ 0x736f6d6570736575ULL, seed.high ^ 0x646f72616e646f6dULL,
          seed.low ^ 0x6c7967656e657261ULL, seed.high ^ 0x7465646279746573ULL};
  sip.take(word);
  sip.take(kLength);
  sip.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) sip.round();
  return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

SeatSeed SeatSeed::of(std::string_view text) {
  const auto words = sha256(text);
  return {words[0], words[1]};
}

SeatSeed seat_seed(std::string_view action, std::int64_t period_start_ms,
                   const std::optional<std::string>& value) {
  return SeatSeed::of("seats+" + std::string(action) + '+' + std::to_string(period_start_ms) + '+' +
                      value.value_or("none"));
}

std::string seat_group(const Candidate& candidate) {
  if (candidate.is_exempt) return candidate.address.text();
  constexpr std::size_t kV4Bytes = 15;  // of the mapped form: all but the last octet
  constexpr std::size_t kV6Bytes = 6;
  const auto& bytes = candidate.ip.bytes();
  const std::size_t kept = candidate.ip.is_v4() ? kV4Bytes : kV6Bytes;
  std::string group(1, '\0');  // so that no address is taken for a group
  for (std::size_t i = 0; i < kept; ++i) group += static_cast<char>(bytes[i]);
  return group;
}

SeatPlan::SeatPlan(std::vector<Candidate> candidates) {
  std::vector<std::pair<std::string, Candidate>> named;
  named.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    std::string group = seat_group(candidate);
    named.emplace_back(std::move(group), std::move(candidate));
  }
  std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.address) < std::tie(b.first, b.second.address);
  });
  std::string last_group;
  for (auto& [group, candidate] : named) {
    if (!candidates_.empty() && candidates_.back().address == candidate.address) continue;
    if (groups_.empty() || group != last_group) {
      groups_.push_back({sha256(group)[0], candidates_.size(), candidates_.size()});
      last_group = group;
    }
    ids_.push_back(sha256(candidate.address.text())[0]);
    candidates_.push_back(std::move(candidate));
    groups_.back().end = candidates_.size();
  }
}

/// The groups that `seed` puts first, with their ranks. Ranks are spread evenly, so it nearly
/// always does to look at those below a bound that a few more than `count` keep.
std::vector<std::pair<std::uint64_t, std::size_t>> SeatPlan::first_groups(const SeatSeed& seed,
                                                                          std::size_t count) const {
  const auto wanted = static_cast<double>(count);
  const double share = (wanted + 6 * std::sqrt(wanted) + 6) / static_cast<double>(groups_.size());
  const auto none = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t bound = share < 0.5 ? static_cast<std::uint64_t>(share * 0x1p64) : none;
  std::vector<std::pair<std::uint64_t, std::size_t>> first;
  for (;; bound = none) {
    first.clear();
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const std::uint64_t rank = keyed_hash(seed, groups_[i].id);
      if (rank <= bound) first.emplace_back(rank, i);
    }
    if (first.size() >= count || bound == none) break;
  }
  std::sort(first.begin(), first.end());
  first.resize(count);
  return first;
}

std::vector<std::size_t> SeatPlan::choose(const SeatSeed& seed, std::size_t count) const {
  count = std::min(count, groups_.size());
  if (count == 0) return {};
  const auto order = first_groups(seed, count);
  std::vector<std::size_t> chosen(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Group& group = groups_[order[i].second];
    std::size_t best = group.begin;
    for (std::size_t j = group.begin + 1; j < group.end; ++j) {
      if (keyed_hash(seed, ids_[j]) < keyed_hash(seed, ids_[best])) best = j;
    }
    chosen[i] = best;
  }
  return chosen;
}

std::int64_t period_start(std::int64_t time_ms, std::int64_t period_ms) {
  SPREADABLE_ASSERT(period_ms > 0);
  const std::int64_t rest = time_ms % period_ms;
  return time_ms - (rest < 0 ? rest + period_ms : rest);
}

std::vector<std::string> approver_order(std::vector<std::string> addresses,
                                        std::int64_t period_start_ms) {
  const std::string period = std::to_string(period_start_ms);
  std::vector<std::pair<std::string, std::string>> hashed;
  hashed.reserve(addresses.size());
  for (std::string& address : addresses) {
    const std::array parts{address, period};
    hashed.emplace_back(data_hash(parts), std::move(address));
  }
  std::sort(hashed.begin(), hashed.end());
  hashed.erase(std::unique(hashed.begin(), hashed.end()), hashed.end());
  std::vector<std::string> order;
  order.reserve(hashed.size());
  for (auto& [hash, address] : hashed) order.push_back(std::move(address));
  return order;
}

}  // namespace spreadable
