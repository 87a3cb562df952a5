#include "services/simulation/link_model.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "services/simulation/detail/mix.h"

namespace spreadable {
namespace {

constexpr unsigned kLossesMax = 12;  // longer than any deadline
constexpr double kLoopbackNanoseconds = 50'000;
constexpr std::size_t kQuantiles = 4096;

/// Values of the standard normal distribution, equally likely: drawing one is a look-up.
/// The quantile function as bisection of the distribution function, which is exact enough here.
std::array<double, kQuantiles> make_normal_quantiles() {
  std::array<double, kQuantiles> values{};
  for (std::size_t i = 0; i < kQuantiles; ++i) {
    const double share = (static_cast<double>(i) + 0.5) / kQuantiles;
    double low = -5;
    double high = 5;
    for (int step = 0; step < 40; ++step) {
      const double middle = (low + high) / 2;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
    }
    values[i] = (low + high) / 2;
  }
  return values;
}

double normal(std::uint64_t bits) {
  static const std::array<double, kQuantiles> values = make_normal_quantiles();
  return values[bits % kQuantiles];
}

Duration nanoseconds(double count) {
  return Duration(static_cast<Duration::rep>(count));
}

}  // namespace

double LinkModel::base_latency(std::uint32_t from, std::uint32_t to) const {
  if (from == to) return kLoopbackNanoseconds;
  const std::uint64_t pair = std::uint64_t{std::min(from, to)} << 32 | std::max(from, to);
  const auto median = static_cast<double>(conditions_.round_trip_median.count()) / 2;
  return median * std::exp(conditions_.pair_spread * normal(detail::mix(seed_, pair)));
}

Duration LinkModel::one_way(std::uint32_t from, std::uint32_t to) {
  double latency = base_latency(from, to);
  if (conditions_.jitter > 0) latency *= std::exp(conditions_.jitter * normal(random_.next()));
  if (conditions_.reordering > 0 && random_.uniform() < conditions_.reordering) {
    latency += static_cast<double>(conditions_.reordering_delay_max.count()) * random_.uniform();
  }
  return nanoseconds(latency);
}

unsigned LinkModel::most_losses(std::size_t pieces, double loss) {
  if (loss <= 0) return 0;
  // All pieces are lost at most k times in a row with chance (1 - loss^(k+1))^pieces.
  const double draw = random_.uniform();
  double still_lost = loss;
  unsigned losses = 0;
  while (losses < kLossesMax && std::pow(1 - still_lost, static_cast<double>(pieces)) <= draw) {
    still_lost *= loss;
    ++losses;
  }
  return losses;
}

Duration LinkModel::pause_after(unsigned attempts, Duration first) {
  return first * (1LL << std::min(attempts, kLossesMax));
}

Duration LinkModel::lost_time(unsigned attempts, Duration first) {
  return first * ((1LL << std::min(attempts, kLossesMax)) - 1);
}

Duration LinkModel::message_delay(std::uint32_t from, std::uint32_t to, std::size_t bytes) {
  const std::size_t segments = bytes / kSegmentBytes + 1;
  return one_way(from, to) + lost_time(most_losses(segments, conditions_.loss), kSegmentRetry);
}

Duration LinkModel::connect_delay(std::uint32_t from, std::uint32_t to) {
  // An attempt needs both ways: the request to connect and its confirmation.
  const double lost = 1 - (1 - conditions_.loss) * (1 - conditions_.loss);
  const Duration wasted = lost_time(most_losses(1, lost), kConnectRetry);
  return one_way(from, to) + one_way(to, from) + wasted;
}

bool LinkModel::is_duplicated() {
  return conditions_.duplication > 0 && random_.uniform() < conditions_.duplication;
}

}  // namespace spreadable
