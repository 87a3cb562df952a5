// Scatter and gather over a NATS server: what a user would run who accepts a central server.
//
//   bench_nats answer --port P --subscribers N                        N processes that answer
//   bench_nats ask --port P --subscribers N [--connections 1] [--seconds 1]
//
// Both print one JSON line: the ids of the processes once they have subscribed, or what was
// measured. Exit codes: 0 done or told to end, 1 failed, 2 wrong usage.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "bench/nats/gather.h"
#include "bench/support/children.h"

namespace spreadable::bench {
namespace {

/// Each child writes a byte here when it has subscribed.
struct ReadyPipe {
  ReadyPipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe is to be had");
  }
  void tell() const { (void)!::write(ends[1], "", 1); }
  void wait_for(std::size_t count) {
    ::close(ends[1]);
    char byte = 0;
    for (; count > 0; --count) {
      if (::read(ends[0], &byte, 1) != 1) throw std::runtime_error("a subscriber has failed");
    }
  }
  int ends[2] = {-1, -1};
};

int answer(const Gather::Options& options) {
  ReadyPipe ready;
  Children children;
  for (std::size_t i = 0; i < options.subscribers; ++i) {
    children.add([&] { answer_questions(options.port, [&] { ready.tell(); }); });
  }
  ready.wait_for(options.subscribers);
  fmt::print("{{\"pids\":[{}]}}\n", fmt::join(children.ids(), ","));
  std::fflush(stdout);
  return children.wait_for_end() ? 0 : 1;
}

int ask(const Gather::Options& options) {
  fmt::print("{}\n", dump_json(Gather(options).run()));
  return 0;
}

}  // namespace
}  // namespace spreadable::bench

int main(int argc, char** argv) {
  using namespace spreadable::bench;
  CLI::App app("Questions to all subscribers of a NATS server");
  app.require_subcommand(1);
  Gather::Options options;
  for (CLI::App* command : {app.add_subcommand("answer"), app.add_subcommand("ask")}) {
    command->add_option("--port", options.port, "Of the server")->required();
    command->add_option("--subscribers", options.subscribers, "Who answer")->required();
    if (command->get_name() == "answer") continue;
    command->add_option("--connections", options.connections, "At once");
    command->add_option("--seconds", options.seconds, "To measure");
  }
  try {
    app.parse(argc, argv);
    return app.got_subcommand("ask") ? ask(options) : answer(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& exception) {
    fmt::print(stderr, "bench_nats: {}\n", exception.what());
    return 1;
  }
}
