// Nodes of ours to be measured: any number of them in this process.
//
//   bench_node --port P [--nodes N] [--network N] [--initial HOST:PORT] [--storage DIR]
//              [--set NAME=VALUE]... [--masters HOST:PORT,... --list-length N]
//
// Prints JSON lines: `serving` with its process id, `agreement` when all of its nodes have come to
// see as many nodes as --network says, or no longer do. Ends with SIGTERM. Exit codes: 0 told to
// end, 1 failed, 2 wrong usage.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "bench/node/bench_nodes.h"
#include "bench/support/sockets.h"
#include "extensions/documents/kind.h"
#include "services/system/stop_signals.h"

int main(int argc, char** argv) {
  using namespace spreadable;
  CLI::App app("Nodes to be measured");
  bench::BenchNodes::Options options;
  app.add_option("--port", options.port, "Of the first node; the others follow")->required();
  app.add_option("--nodes", options.nodes, "In this process")->check(CLI::Range(1, 1'000));
  app.add_option("--network", options.network, "Nodes of the whole network");
  app.add_option("--initial", options.initial, "A node to join through, as host:port");
  app.add_option("--storage", options.storage, "A folder; without one nothing is kept");
  app.add_option("--set", options.settings, "An option of each node, as name=value");
  app.add_option("--masters", options.masters, "What the first node knows of the network")
      ->delimiter(',');
  app.add_option("--list-length", options.list_length, "Of each of these masters");
  try {
    app.parse(argc, argv);
    documents::declare_options();
    bench::raise_file_limit();
    StopSignals signals;
    bench::BenchNodes nodes(options);
    nodes.start();
    signals.wait();
    nodes.stop();
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& exception) {
    std::cerr << "bench_node: " << exception.what() << '\n';
    return 1;
  }
}
