// `spreadable simulate`: networks of any size in virtual time, and whether they keep their bounds.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/process_limits.h"
#include "cli/simulate_campaign.h"
#include "cli/simulate_progress.h"
#include "cli/simulate_report.h"
#include "services/simulation/plot.h"
#include "services/simulation/scenario.h"

namespace spreadable::cli {
namespace {

constexpr std::size_t kNodesMax = 1'000'000;
constexpr std::uint64_t kSeedsMax = 1'000'000;
constexpr std::size_t kLargeNodes = 10'000;  // from there on a run takes a gigabyte and more
constexpr std::size_t kJobsMax = 256;
constexpr long long kMinutesMax = 60LL * 24 * 366;

/// Prints records of nodes to standard error.
class ConsoleLogger final : public Logger {
 public:
  bool is_enabled(LogLevel level) const override { return level >= LogLevel::info; }
  void write(LogLevel level, std::string_view message) override {
    if (is_enabled(level)) fmt::print(stderr, "{}\n", message);
  }
};

struct Flags {
  std::string scenario;
  std::size_t nodes = 1'000;
  std::string seed = "1";
  std::optional<long long> minutes;
  std::optional<double> share;
  std::size_t jobs = 1;
  std::string plot;
  bool checks_digests = false;
  bool is_logged = false;
  bool is_json = false;
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

/// Writes the picture of one run; what went wrong, or nothing.
std::optional<std::string> write_plot(const std::string& path, const ScenarioFigures& figures) {
  if (figures.samples.empty()) return "the run was too short for a picture";
  std::ofstream file(path, std::ios::trunc);
  file << plot_svg(figures) << std::flush;
  if (!file) return "can't write \"" + path + "\"";
  return std::nullopt;
}

int run(const Flags& flags) {
  const auto seeds = parse_seeds(flags.seed);
  if (!seeds) {
    return misuse(fmt::format(
        "expected a number or a range such as 1..20, got \"{}\" (flag --seed)", flags.seed));
  }
  if (!flags.plot.empty() && seeds->count() > 1) {
    return misuse("a picture shows one seed (flags --plot and --seed)");
  }
  if (flags.nodes >= kLargeNodes) use_large_pages();
  Campaign::Options options{
      .scenario = {.name = flags.scenario, .nodes = flags.nodes, .share = flags.share},
      .seeds = *seeds,
      .jobs = flags.jobs,
      .checks_digests = flags.checks_digests};
  if (flags.is_logged) options.scenario.logger = std::make_shared<ConsoleLogger>();
  if (flags.minutes) options.scenario.span = std::chrono::minutes{*flags.minutes};
  const std::string title =
      seeds->count() == 1
          ? fmt::format("{} seed {}", flags.scenario, seeds->first)
          : fmt::format("{} seeds {}..{}", flags.scenario, seeds->first, seeds->last);
  ProgressBar bar(title);
  bool is_ok = true;
  std::optional<std::string> plot_error;
  const auto report = [&](const ScenarioFigures& figures) {
    bar.clear();
    is_ok = is_ok && figures.is_ok();
    if (flags.is_json) {
      print_line(json_text(figures.to_json()));
    } else {
      print_figures(figures);
    }
    if (!flags.plot.empty()) plot_error = write_plot(flags.plot, figures);
  };
  const Result<void> played =
      Campaign(std::move(options)).play(report, [&](double share) { bar.show(share); });
  bar.clear();
  if (!played) return misuse(played.error().message);
  if (plot_error) return fail(*plot_error);
  return finish_output(is_ok ? kDone : kFailed);
}

std::string scenario_help() {
  std::string text =
      "DESCRIPTION\n"
      "  Plays a scenario: a network of real nodes on machines, clocks, disks and a\n"
      "  network that are made up, an hour of which passes in seconds or minutes.\n"
      "  Each run ends in figures. Equal seeds give equal runs, down to the digest, a\n"
      "  hash over all that has happened.\n"
      "\n"
      "SCENARIOS, with the virtual minutes that each takes\n";
  for (const ScenarioInfo& info : scenario_table()) {
    const std::string share = info.share > 0 ? fmt::format("; --f {:g}", info.share) : "";
    text += fmt::format("  {:<10} {}\n  {:<10} {} minutes{}\n", info.name, info.help, "",
                        info.span.count(), share);
  }
  return text +
         "  The bounds of each are in docs/simulation.md.\n"
         "\n"
         "EXIT STATUS\n"
         "  0  every run kept its bounds\n"
         "  1  one missed a bound, or a digest that was checked differed\n"
         "  2  wrong usage\n"
         "\n"
         "EXAMPLES\n"
         "  spreadable simulate --scenario join --nodes 10000\n"
         "  spreadable simulate --scenario hang --seed 3 --plot hang.svg\n"
         "  spreadable simulate --scenario mixed --nodes 50 --seed 1..1000 --jobs 2\n"
         "  spreadable simulate --scenario mixed --nodes 50 --seed 1..100 --check-digest";
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
                 "Of nodes that die, leave or are hostile, of packets that get lost, 0 to 1; by "
                 "default the scenario's own")
      ->type_name("SHARE");
  app.add_option("--jobs", flags->jobs, "How many seeds to play at the same time; default 1")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kJobsMax).description(""));
  app.add_option("--plot", flags->plot, "Draw how it went, as an SVG picture; one seed only")
      ->type_name("FILE");
  app.add_flag("--check-digest", flags->checks_digests,
               "Play each seed twice, and miss where the digests differ");
  app.add_flag("--log", flags->is_logged, "Print what nodes log, to standard error");
  app.add_flag("--json", flags->is_json, "Print the figures as JSON, one object per seed");
  app.footer(scenario_help());
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
