// Sends requests to an HTTP server on this machine and tells how long they took.
//
//   bench_load --port P [--path /ping] [--body JSON] [--expect TEXT] [--connections 1]
//              [--seconds 1 | --requests N] [--patience 10] [--first-number 0] [--numbers N]
//
// %N in the body becomes a number, another one with each request.
// Prints one JSON line. Exit codes: 0 all answers right, 1 some wrong, or failed, 2 wrong usage.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "bench/load/load.h"

int main(int argc, char** argv) {
  using namespace spreadable;
  CLI::App app("Load for an HTTP server on 127.0.0.1");
  bench::Load::Options options;
  app.add_option("--port", options.port, "Of the server")->required();
  app.add_option("--path", options.path, "Of the request");
  app.add_option("--body", options.body, "Of the request, which is a POST then");
  app.add_option("--expect", options.expect, "What the body of a right answer contains");
  app.add_option("--connections", options.connections, "At once")->check(CLI::Range(1, 10'000));
  app.add_option("--seconds", options.seconds, "To measure")->check(CLI::Range(0.01, 3'600.0));
  app.add_option("--requests", options.requests, "On each connection, instead of a time");
  app.add_option("--patience", options.patience_s, "Longest silence in seconds");
  app.add_option("--first-number", options.first_number, "That %N in the body becomes");
  app.add_option("--numbers", options.numbers, "How many there are; by default no end of them");
  try {
    app.parse(argc, argv);
    bench::raise_file_limit();
    const Json result = bench::Load(options).run();
    std::cout << dump_json(result) << '\n';
    return result["bad"] == 0 ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& exception) {
    std::cerr << "bench_load: " << exception.what() << '\n';
    return 1;
  }
}
