#include "cli/simulate_report.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "cli/output.h"

namespace spreadable::cli {
namespace {

std::optional<double> percent(const std::optional<double>& share) {
  return share ? std::optional(100 * *share) : std::nullopt;
}

template <class T>
void print_figure(std::string_view label, const std::optional<T>& figure, std::string_view format) {
  if (!figure) return;
  print_line(fmt::format("  {:<28} {}", label, fmt::format(fmt::runtime(format), *figure)));
}

}  // namespace

void print_figures(const ScenarioFigures& figures) {
  print_line(fmt::format("{} of {} nodes, seed {}: {}", figures.scenario, figures.nodes,
                         figures.seed, figures.is_ok() ? "ok" : "missed"));
  for (const std::string& missed : figures.missed) print_line("  missed: " + missed);
  print_figure("right after", figures.converged_after_intervals, "{:.2f} sync intervals");
  print_figure("coverage, mean", percent(figures.coverage_mean), "{:.4f} %");
  print_figure("coverage, worst", percent(figures.coverage_min), "{:.4f} %");
  print_figure("duplicate answers", figures.duplicates, "{}");
  print_figure("longest traversal", figures.traversal_max_s, "{:.2f} s");
  print_figure("masters", std::optional(figures.masters), "{}");
  print_figure("longest list", std::optional(figures.list_max), "{}");
  print_figure("messages per node, interval", figures.messages_per_node_interval, "{:.2f}");
  print_figure("bytes per node, interval", figures.bytes_per_node_interval, "{:.0f}");
  print_figure("hostile nodes out after", figures.removed_after_s, "{:.0f} s");
  print_figure("network size, off by", percent(figures.size_error), "{:.2f} %");
  print_figure("syncs aborted", figures.aborted_syncs, "{}");
  print_figure("sybils in one list", figures.sybils_in_list_max, "{}");
  print_figure("sybils in one traversal", figures.sybils_in_traversal_max, "{}");
  print_figure("seats of one machine", figures.seats_max, "{}");
  print_figure("captures", figures.captures, "{}");
  print_figure("captures, expected", figures.captures_expected, "{:.4g}");
  print_figure("guesses of the next, p", figures.foresight_p, "{:.4f}");
  print_figure("invariants violated", figures.violations, "{}");
  print_figure("false bans", std::optional(figures.false_bans), "{}");
  print_figure("digest", std::optional(figures.digest), "{:016x}");
}

}  // namespace spreadable::cli
