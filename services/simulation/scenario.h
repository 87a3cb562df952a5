// services/simulation/scenario.h: experiments with a known question, and the figures they end in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// What is asked of a network.
struct ScenarioOptions {
  std::string name;  ///< of scenario_table()
  std::size_t nodes = 1'000;
  std::uint64_t seed = 1;
  std::optional<Duration> span{};  ///< virtual time in all; by default the scenario's own
  std::optional<double> share{};   ///< of nodes that die, of packets that get lost; 0 to 1
  /// Told now and then how much of the span is over, 0 to 1.
  std::function<void(double)> on_progress{};
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
  std::uint64_t false_bans = 0;             ///< how often a node banned one that had done no wrong
  std::optional<double> removed_after_s{};  ///< until adversaries were out
  std::uint64_t digest = 0;                 ///< of the run; see Simulation::digest
  std::vector<std::string> missed{};        ///< bounds that were not kept, as sentences

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
