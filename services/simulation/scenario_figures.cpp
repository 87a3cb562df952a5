#include <string>

#include "services/simulation/detail/hex.h"
#include "services/simulation/scenario.h"

namespace spreadable {
namespace {

template <class T>
Json json_of(const std::optional<T>& figure) {
  return figure ? Json(*figure) : Json();
}

}  // namespace

Json ScenarioFigures::to_json() const {
  return {{"scenario", scenario},
          {"nodes", nodes},
          {"seed", seed},
          {"ok", is_ok()},
          {"converged_after_intervals", json_of(converged_after_intervals)},
          {"coverage_mean", json_of(coverage_mean)},
          {"coverage_min", json_of(coverage_min)},
          {"duplicates", json_of(duplicates)},
          {"masters", masters},
          {"list_max", list_max},
          {"messages_per_node_interval", json_of(messages_per_node_interval)},
          {"bytes_per_node_interval", json_of(bytes_per_node_interval)},
          {"false_bans", false_bans},
          {"removed_after_s", json_of(removed_after_s)},
          {"size_error", json_of(size_error)},
          {"traversal_max_s", json_of(traversal_max_s)},
          {"aborted_syncs", json_of(aborted_syncs)},
          {"sybils_in_list_max", json_of(sybils_in_list_max)},
          {"sybils_in_traversal_max", json_of(sybils_in_traversal_max)},
          {"seats_max", json_of(seats_max)},
          {"captures_expected", json_of(captures_expected)},
          {"captures", json_of(captures)},
          {"foresight_p", json_of(foresight_p)},
          {"violations", json_of(violations)},
          {"digest", detail::hex(digest)},
          {"missed", missed}};
}

}  // namespace spreadable
