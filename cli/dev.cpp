// `spreadable dev`: a whole network in one process, to watch and to try things on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/dev_network.h"
#include "cli/dev_view.h"
#include "cli/option_sources.h"
#include "cli/output.h"
#include "cli/process_limits.h"
#include "core/units.h"
#include "extensions/documents/kind.h"
#include "services/system/spdlog_logger.h"
#include "services/system/stop_signals.h"
#include "services/system/system_clock.h"

namespace spreadable::cli {
namespace {

constexpr Duration kTick = std::chrono::milliseconds{100};  ///< between two looks at the nodes

struct Flags {
  std::size_t nodes = 0;
  std::uint16_t base_port = kDefaultPort;
  std::string sync_interval = "16s";
  std::string timeout = "60s";
  std::string kind;
  std::string collections;
  bool is_once = false;
  bool is_json = false;
};

/// What flags say, checked.
struct Plan {
  DevNetwork::Options network;
  DevView::Title title;
  Duration timeout{};
};

Error invalid(std::string message) {
  return Error{Errc::invalid_argument, std::move(message), {}};
}

Result<Plan> make_plan(const Flags& flags) {
  const std::size_t last_port = flags.base_port + flags.nodes - 1;
  if (last_port > 65'535) {
    return invalid(fmt::format("{} nodes from port {} on need ports up to {} (flag --base-port)",
                               flags.nodes, flags.base_port, last_port));
  }
  Plan plan{.network = {.nodes = flags.nodes}};
  NodeOptions& node = plan.network.node;
  node.port = flags.base_port;
  node.hostname = "localhost";
  node.storage.path = Runtime::kNoStorage;
  const auto set = set_option_text(node, "network.syncInterval", flags.sync_interval);
  if (!set) return invalid(set.error().message + " (flag --sync-interval)");
  for (const auto& [path, text] :
       {std::pair{"kind", flags.kind}, std::pair{"collections", flags.collections}}) {
    if (text.empty()) continue;
    const auto known = set_option_text(node, path, text);
    if (!known) return invalid(fmt::format("{} (flag --{})", known.error().message, path));
  }
  // These nodes keep nothing, so there is nothing to protect from whoever tries them out.
  if (node.kind == documents::kKind) {
    Result<documents::KindOptions> own = documents::kind_options_of(node);
    if (!own) return own.error();
    own->has_open_permissions = true;
    if (const auto opened = documents::set_kind_options(node, *own); !opened) {
      return opened.error();
    }
  }
  const auto timeout = parse_duration(flags.timeout);
  if (!timeout || *timeout <= Millis::zero()) {
    return invalid(
        fmt::format("expected a time such as \"60s\", got \"{}\" (flag --timeout)", flags.timeout));
  }
  plan.timeout = *timeout;
  plan.title = {.range = flags.nodes == 1
                             ? fmt::format("localhost:{}", flags.base_port)
                             : fmt::format("localhost:{} to {}", flags.base_port, last_port),
                .interval = flags.sync_interval};
  return plan;
}

DevView::Kind kind_of(const Flags& flags) {
  if (flags.is_json) return DevView::Kind::json;
  return terminal_size() ? DevView::Kind::table : DevView::Kind::text;
}

/// Shows the network until a signal comes or, with --once, until all agree or time is up.
int watch(DevNetwork& network, DevView& view, StopSignals& signals, const Flags& flags,
          Duration timeout) {
  DevSummary summary = network.summary();
  view.begin(summary);
  for (;;) {
    if (network.take_change()) summary = network.summary();
    const Duration elapsed = network.age();
    view.show(summary, elapsed);
    if (flags.is_once && summary.is_agreed()) return kDone;
    if (flags.is_once && elapsed > timeout) return kFailed;
    if (signals.wait_for(kTick) != 0) return kDone;
  }
}

int run(const Flags& flags) {
  const Result<Plan> plan = make_plan(flags);
  if (!plan) return misuse(plan.error().message);
  raise_open_file_limit();
  StopSignals signals;
  const DevView::Kind kind = kind_of(flags);
  const SystemClock clock;
  const auto records = std::make_shared<LatestRecords>(LogLevel::warn);
  std::shared_ptr<Logger> logger = records;
  if (kind != DevView::Kind::table) logger = SpdlogLogger::to_console(clock, LogLevel::warn);
  DevNetwork network(plan->network, logger);
  if (const Result<void> started = network.start(); !started) return fail(started.error().message);
  const auto view = DevView::make(kind, plan->title, *records);
  const int code = watch(network, *view, signals, flags, plan->timeout);
  const DevSummary summary = network.summary();
  network.stop();
  view->end();
  if (code == kDone) return code;
  return fail(
      fmt::format("{} of {} nodes agree after {}", summary.agreeing, summary.nodes, flags.timeout));
}

}  // namespace

Run make_dev(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();  // shared with the parser and its callbacks
  app.add_option("--nodes", flags->nodes, "How many nodes, 1 to 1000; required")
      ->type_name("N")
      ->required()
      ->check(CLI::Range(std::size_t{1}, DevNetwork::kNodesMax).description(""));
  app.add_option("--base-port", flags->base_port,
                 "Port of the first; the others follow; default 4000")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65'535).description(""));
  app.add_option("--sync-interval", flags->sync_interval,
                 "How often a settled node looks at the network; default 16s")
      ->type_name("TIME");
  app.add_option("--kind", flags->kind,
                 "What the nodes are: spreadable or documents; default spreadable")
      ->type_name("KIND");
  app.add_option("--collections", flags->collections,
                 "Of kind documents: collections by name, as in a config: '{\"people\": {\"pk\": "
                 "\"id\"}}'")
      ->type_name("JSON");
  const auto once = app.add_flag("--once", flags->is_once,
                                 "End as soon as all nodes agree on the size of the network");
  app.add_option("--timeout", flags->timeout, "With --once: fail after this time; default 60s")
      ->type_name("TIME")
      ->needs(once);
  app.add_flag("--json", flags->is_json, "Tell changes as JSON, one object per line");
  app.footer(
      "The nodes listen on this machine under the name localhost, keep nothing, and read neither\n"
      "environment nor config. Ask them from another terminal: spreadable map");
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
