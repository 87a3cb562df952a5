// `spreadable simulate`: networks of any size in virtual time, and whether they keep their bounds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/simulate_progress.h"
#include "services/simulation/scenario.h"

namespace spreadable::cli {
namespace {

constexpr std::size_t kNodesMax = 1'000'000;
constexpr std::uint64_t kSeedsMax = 1'000'000;
constexpr long long kMinutesMax = 60LL * 24 * 366;

struct Flags {
  std::string scenario;
  std::size_t nodes = 1'000;
  std::string seed = "1";
  std::optional<long long> minutes;
  std::optional<double> share;
  bool is_json = false;
};

struct Seeds {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `7` or `1..20`.
std::optional<Seeds> parse_seeds(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = parse_number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
  if (!first || !last || *last < *first || *last - *first >= kSeedsMax) return std::nullopt;
  return Seeds{*first, *last};
}

std::optional<double> percent(const std::optional<double>& share) {
  return share ? std::optional(100 * *share) : std::nullopt;
}

template <class T>
void print_figure(std::string_view label, const std::optional<T>& figure, std::string_view format) {
  if (!figure) return;
  print_line(fmt::format("  {:<28} {}", label, fmt::format(fmt::runtime(format), *figure)));
}

void print_figures(const ScenarioFigures& figures) {
  print_line(fmt::format("{} of {} nodes, seed {}: {}", figures.scenario, figures.nodes,
                         figures.seed, figures.is_ok() ? "ok" : "missed"));
  for (const std::string& missed : figures.missed) print_line("  missed: " + missed);
  print_figure("right after", figures.converged_after_intervals, "{:.2f} sync intervals");
  print_figure("coverage, mean", percent(figures.coverage_mean), "{:.4f} %");
  print_figure("coverage, worst", percent(figures.coverage_min), "{:.4f} %");
  print_figure("duplicate answers", figures.duplicates, "{}");
  print_figure("masters", std::optional(figures.masters), "{}");
  print_figure("longest list", std::optional(figures.list_max), "{}");
  print_figure("messages per node, interval", figures.messages_per_node_interval, "{:.2f}");
  print_figure("bytes per node, interval", figures.bytes_per_node_interval, "{:.0f}");
  print_figure("false bans", std::optional(figures.false_bans), "{}");
  print_figure("digest", std::optional(figures.digest), "{:016x}");
}

int run(const Flags& flags) {
  const auto seeds = parse_seeds(flags.seed);
  if (!seeds) {
    return misuse(fmt::format(
        "expected a number or a range such as 1..20, got \"{}\" (flag --seed)", flags.seed));
  }
  bool is_ok = true;
  for (std::uint64_t seed = seeds->first;; ++seed) {
    ProgressBar bar(fmt::format("{} seed {}", flags.scenario, seed));
    ScenarioOptions options{.name = flags.scenario,
                            .nodes = flags.nodes,
                            .seed = seed,
                            .share = flags.share,
                            .on_progress = [&bar](double share) { bar.show(share); }};
    if (flags.minutes) options.span = std::chrono::minutes{*flags.minutes};
    const Result<ScenarioFigures> figures = run_scenario(options);
    bar.clear();
    if (!figures) return misuse(figures.error().message);
    is_ok = is_ok && figures->is_ok();
    if (flags.is_json) {
      print_line(json_text(figures->to_json()));
    } else {
      print_figures(*figures);
    }
    if (seed == seeds->last) break;
  }
  return finish_output(is_ok ? kDone : kFailed);
}

std::string scenario_help() {
  std::string text = "Scenarios, and the virtual minutes that each takes:\n";
  for (const ScenarioInfo& info : scenario_table()) {
    text += fmt::format("  {:<10} {}, {}\n", info.name, info.help, info.span.count());
  }
  return text +
         "Each ends in figures. The exit code is 1 when one is worse than docs/simulation.md\n"
         "promises. Equal seeds give equal runs, down to the digest.";
}

}  // namespace

Run make_simulate(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();  // shared with the parser and its callbacks
  app.add_option("--scenario", flags->scenario, "What happens to the network; required")
      ->type_name("NAME")
      ->required();
  app.add_option("--nodes", flags->nodes, "How many nodes, 4 or more; default 1000")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kNodesMax).description(""));
  app.add_option("--seed", flags->seed, "One seed, or a range of them; default 1")
      ->type_name("S|A..B");
  app.add_option("--minutes", flags->minutes, "Virtual time in all; by default the scenario's own")
      ->type_name("M")
      ->check(CLI::Range(1LL, kMinutesMax).description(""));
  app.add_option("--f", flags->share,
                 "Of nodes that die or leave, of packets that get lost, 0 to 1; by default the "
                 "scenario's own")
      ->type_name("SHARE");
  app.add_flag("--json", flags->is_json, "Print the figures as JSON, one object per seed");
  app.footer(scenario_help());
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
