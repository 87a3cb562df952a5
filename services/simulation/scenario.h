// services/simulation/scenario.h: experiments with a known question, and the figures they end in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/logger.h"
#include "core/result.h"

namespace spreadable {

/// What is asked of a network.
struct ScenarioOptions {
  std::string name;  ///< of scenario_table()
  std::size_t nodes = 1'000;
  std::uint64_t seed = 1;
  std::optional<Duration> span{};  ///< virtual time in all; by default the scenario's own
  /// Of nodes that die or are hostile, of packets that get lost; 0 to 1.
  std::optional<double> share{};
  /// Records of nodes go here; see Simulation::Options.
  std::shared_ptr<Logger> logger{};
  /// Told now and then how much of the span is over, 0 to 1.
  std::function<void(double)> on_progress{};
};

/// A network at one moment, for curves over time.
struct ScenarioSample {
  Duration at{};                     ///< since the beginning
  std::optional<double> coverage{};  ///< of the last traversal that was measured
  std::size_t nodes = 0;             ///< up
  std::size_t masters = 0;           ///< honest ones
  std::size_t list_max = 0;          ///< the longest of theirs
  double size_mean = 0;              ///< of the network as honest nodes see it
  double size_min = 0;
  double size_max = 0;
  double messages = 0;  ///< per node and interval, since the sample before
};

/// A moment at which something was done to the network.
struct ScenarioMark {
  Duration at{};  ///< since the beginning
  std::string what;
};

/// What came out. Empty where a scenario has no such figure.
struct ScenarioFigures {
  std::string scenario;
  std::size_t nodes = 0;
  std::uint64_t seed = 0;
  std::optional<double> converged_after_intervals{};  ///< sync intervals until all was right again
  std::optional<double> coverage_mean{};      ///< share of nodes whose answers a traversal brought
  std::optional<double> coverage_min{};       ///< of the worst traversal
  std::optional<std::uint64_t> duplicates{};  ///< answers of nodes that were asked more than once
  std::size_t masters = 0;                    ///< at the end
  std::size_t list_max = 0;                   ///< the longest list, at the end
  std::optional<double> messages_per_node_interval{};  ///< requests, while the network is settled
  std::optional<double> bytes_per_node_interval{};     ///< with answers, uncompressed
  std::uint64_t false_bans = 0;  ///< how often a node banned one that had done no wrong
  /// Until hostile nodes were out at 95 % of honest ones, for good.
  std::optional<double> removed_after_s{};
  std::optional<double> size_error{};  ///< of the network as honest nodes see it: the worst mean
  std::optional<double> traversal_max_s{};          ///< the longest that a traversal has taken
  std::optional<std::uint64_t> aborted_syncs{};     ///< runs of sync that failed or never ended
  std::optional<std::size_t> sybils_in_list_max{};  ///< of one machine or neighbourhood
  std::optional<std::size_t> sybils_in_traversal_max{};  ///< whose answers one traversal used
  std::optional<std::size_t> seats_max{};                ///< of one machine in one committee
  std::optional<double> captures_expected{};
  std::optional<std::uint64_t> captures{};    ///< committees that hostile nodes had to themselves
  std::optional<double> foresight_p{};        ///< how well guesses fit to chance; the worst of them
  std::optional<std::uint64_t> violations{};  ///< of what must always hold
  std::uint64_t digest = 0;                   ///< of the run; see Simulation::digest
  std::vector<std::string> missed{};          ///< bounds that were not kept, as sentences
  std::vector<ScenarioSample> samples{};      ///< one for each interval; not in to_json()
  std::vector<ScenarioMark> marks{};          ///< in order; not in to_json()

  [[nodiscard]] bool is_ok() const { return missed.empty(); }
  /// One object with a key for each figure, null for the empty ones; `ok` for is_ok().
  [[nodiscard]] Json to_json() const;
};

struct ScenarioInfo {
  std::string_view name;
  std::string_view help;        ///< one line
  std::chrono::minutes span{};  ///< virtual time, when none is asked for
  double share = 0;             ///< when none is asked for; 0: it has none
};

/// All scenarios, in the order in which one tries them.
[[nodiscard]] std::span<const ScenarioInfo> scenario_table();

/// Plays one scenario from its beginning to its end, on the calling thread, which takes seconds to
/// hours. Errc::invalid_argument for an unknown name, a share out of range, or too few nodes (4 at
/// least).
[[nodiscard]] Result<ScenarioFigures> run_scenario(const ScenarioOptions& options);

}  // namespace spreadable
