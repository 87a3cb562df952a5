// The limit of a traversal over HTTP on this machine: N bare nodes, one process each.
//
//   bench_limit --nodes N [--pipelined]
//
// Prints one JSON line when all serve: their ports, the first one being the coordinator's, and the
// ids of their processes. Ends with SIGTERM. Exit codes: 0 told to end, 1 failed, 2 wrong usage.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "bench/limit/tree_node.h"
#include "bench/support/children.h"

namespace spreadable::bench {
namespace {

int serve(std::size_t nodes, bool is_pipelined) {
  raise_file_limit();
  std::vector<Descriptor> listeners;
  TreeNode::Options options{.ports = {}, .is_pipelined = is_pipelined};
  for (std::size_t i = 0; i < nodes; ++i) {
    listeners.push_back(listen_on());
    options.ports.push_back(port_of(listeners.back()));
  }
  Children children;
  for (std::size_t i = 0; i < nodes; ++i) {
    children.add([&] {
      options.index = i;
      Descriptor own = std::move(listeners[i]);
      listeners.clear();
      TreeNode(options, std::move(own)).run();
    });
  }
  listeners.clear();
  fmt::print("{{\"ports\":[{}],\"pids\":[{}]}}\n", fmt::join(options.ports, ","),
             fmt::join(children.ids(), ","));
  std::fflush(stdout);
  return children.wait_for_end() ? 0 : 1;
}

}  // namespace
}  // namespace spreadable::bench

int main(int argc, char** argv) {
  CLI::App app("A bare tree of HTTP nodes");
  std::size_t nodes = 9;
  bool is_pipelined = false;
  app.add_option("--nodes", nodes, "A square number")->check(CLI::Range(1, 1024));
  app.add_flag("--pipelined", is_pipelined, "One connection to each peer for all requests");
  try {
    app.parse(argc, argv);
    return spreadable::bench::serve(nodes, is_pipelined);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& exception) {
    fmt::print(stderr, "bench_limit: {}\n", exception.what());
    return 1;
  }
}
