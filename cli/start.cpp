// `spreadable start`: one node, until it is told to end.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/command.h"
#include "cli/kinds.h"
#include "cli/node_report.h"
#include "cli/option_sources.h"
#include "cli/output.h"
#include "cli/process_limits.h"
#include "services/runtime.h"
#include "services/system/stop_signals.h"

namespace spreadable::cli {
namespace {

/// Time for running requests to finish. Leaves two of the ten seconds that service managers
/// usually grant for saving and for telling peers.
constexpr Duration kStopGrace = std::chrono::seconds{8};

struct Flags {
  OptionFlags options;
  bool is_json = false;
};

/// `options` with the storage folder spelled out, so that it can be told.
NodeOptions with_storage(NodeOptions options) {
  std::filesystem::path& path = options.storage.path;
  if (path.empty())
    path = std::filesystem::path(options.kind) / fmt::format("storage-{}", options.port);
  if (path != Runtime::kNoStorage) path = std::filesystem::absolute(path).lexically_normal();
  return options;
}

int serve(const NodeOptions& options, bool is_json, StopSignals& signals) {
  Runtime runtime;
  NodeReport report(is_json);
  Node node(options, environment_of(runtime, options));
  report.watch(node);
  if (const Result<void> started = node.start(); !started) return fail(started.error().message);
  report.begin(node);
  signals.wait();
  node.stop(kStopGrace);
  report.end();
  return kDone;
}

int run(const Flags& flags) {
  const Result<NodeOptions> options = flags.options.read(default_options());
  if (!options) return misuse(options.error().message);
  if (options->port == 0) return misuse("option \"port\": a node needs a port of its own, got 0");
  raise_open_file_limit();
  StopSignals signals;
  return serve(with_storage(*options), flags.is_json, signals);
}

}  // namespace

Run make_start(CLI::App& app) {
  const auto flags = std::make_shared<Flags>();  // shared with the callbacks of the parser
  OptionFlags& options = flags->options;
  options.add_config(app);
  options.add(app, {"--port", "port", "N", "Port to listen on; default 4000"});
  options.add(app, {"--kind", "kind", "KIND",
                    "What the node is: spreadable or documents; default spreadable"});
  options.add(app, {"--hostname", "hostname", "HOST",
                    "How others reach this machine; default: its IP address"});
  options.add_list(app, {"--initial-network-address", "initialNetworkAddress", "ADDRESS",
                         "A node to join through, as host:port; repeatable. Without one this node "
                         "begins a network of its own"});
  options.add(app, {"--storage-path", "storage.path", "DIR",
                    "Folder of the node's state; default ./KIND/storage-PORT"});
  options.add(app, {"--log-level", "logger.level", "LEVEL",
                    "debug, info, warn, error or off; default info. Logs go to standard error"});
  options.add(app, {"--sync-interval", "network.syncInterval", "TIME",
                    "How often a settled node looks at the network; default 16s"});
  options.add_set(app);
  app.add_flag("--json", flags->is_json, "Tell events as JSON, one object per line");
  app.footer(options_help);
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
