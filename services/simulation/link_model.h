// services/simulation/link_model.h: how long a message is under way between two machines.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "core/random.h"

namespace spreadable {

/// The weather on a network. A plain value; the defaults are an internet without mishaps.
struct NetworkConditions {
  /// Of the round trips between all pairs of machines. Half of it is one way.
  Duration round_trip_median = std::chrono::milliseconds{50};
  /// How much pairs differ: sigma of the log-normal distribution that each pair's latency is drawn
  /// from, once for all. 0.5 puts nine in ten pairs between 22 and 114 ms.
  double pair_spread = 0.5;
  /// How much messages of one pair differ: sigma of another one, drawn for each message. Two
  /// messages sent one after the other may so arrive in the other order.
  double jitter = 0.1;
  /// Share of packets that get lost. TCP sends them again, so that loss shows as delay.
  double loss = 0;
  /// Share of messages that are held back for up to reordering_delay_max, so that others overtake.
  double reordering = 0;
  Duration reordering_delay_max = std::chrono::milliseconds{200};
  /// Share of requests that arrive twice, as when a client repeats one on a connection that broke
  /// before the answer; the second answer reaches nobody.
  double duplication = 0;
  /// How long an unused connection stays open for a next request.
  Duration keep_alive = std::chrono::seconds{60};
};

/// Draws delays by NetworkConditions. The latency of a pair follows from the seed and the pair
/// alone, everything else from a Random. For one thread.
class LinkModel {
 public:
  /// A lost segment is sent again after this time, then twice of it, and so on. Source: RFC 6298
  /// with the minimum of 200 ms that Linux has.
  static constexpr Millis kSegmentRetry{200};
  /// The same for a lost attempt to connect. Source: RFC 6298, section 2.
  static constexpr Millis kConnectRetry{1'000};
  static constexpr std::size_t kSegmentBytes = 1460;  ///< of an Ethernet frame

  LinkModel(std::uint64_t seed, Random& random) : seed_(seed), random_(random) {}

  void set(const NetworkConditions& conditions) { conditions_ = conditions; }
  [[nodiscard]] const NetworkConditions& conditions() const { return conditions_; }

  /// How long a message of `bytes` takes from one machine to another over an open connection: until
  /// the last of its segments is there, however often each had to be sent.
  [[nodiscard]] Duration message_delay(std::uint32_t from, std::uint32_t to, std::size_t bytes);
  /// How long it takes to open a connection: a round trip, however often it had to be tried.
  [[nodiscard]] Duration connect_delay(std::uint32_t from, std::uint32_t to);
  /// Whether the request that is sent now arrives twice.
  [[nodiscard]] bool is_duplicated();

  /// The pause before a try after `attempts` lost ones: `first`, doubling.
  [[nodiscard]] static Duration pause_after(unsigned attempts, Duration first);
  /// The time that `attempts` lost tries take together.
  [[nodiscard]] static Duration lost_time(unsigned attempts, Duration first);

 private:
  /// Latency one way, the same in both directions.
  [[nodiscard]] double base_latency(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] Duration one_way(std::uint32_t from, std::uint32_t to);
  /// How often the unluckiest of `pieces` is lost in a row, each time with chance `loss`.
  [[nodiscard]] unsigned most_losses(std::size_t pieces, double loss);

  const std::uint64_t seed_;
  Random& random_;
  NetworkConditions conditions_;
};

}  // namespace spreadable
