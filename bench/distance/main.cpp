// Masters far away with all their slaves, as one process that answers late.
//
//   bench_late_masters [--masters 100] [--list-length 100] [--delay MILLIS]
//
// Prints one JSON line: the ports of the masters. Ends with SIGTERM. Exit codes: 0 told to end, 1
// failed, 2 wrong usage.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "bench/distance/late_masters.h"

int main(int argc, char** argv) {
  using namespace spreadable::bench;
  CLI::App app("Masters that answer late");
  LateMasters::Options options;
  std::int64_t delay = options.delay.count();
  app.add_option("--masters", options.masters, "How many")->check(CLI::Range(1, 250));
  app.add_option("--list-length", options.list_length, "Slaves of each")->check(CLI::Range(1, 250));
  app.add_option("--delay", delay, "Milliseconds from a request to its answer");
  try {
    app.parse(argc, argv);
    options.delay = std::chrono::milliseconds(delay);
    raise_file_limit();
    LateMasters masters(options);
    fmt::print("{{\"ports\":[{}],\"pids\":[{}]}}\n", fmt::join(masters.ports(), ","), ::getpid());
    std::fflush(stdout);
    masters.run();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& exception) {
    fmt::print(stderr, "bench_late_masters: {}\n", exception.what());
    return 1;
  }
}
