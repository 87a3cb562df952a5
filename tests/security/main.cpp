// sectest --COMMAND...: runs security checks, each with figures. Exit code 0 when all bars are met,
// 1 when one is missed, 2 for a command it does not know.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string_view>

#include "tests/security/commands.h"

namespace {

struct Command {
  std::string_view name;
  bool (*run)();
};

using namespace spreadable::sectest;

constexpr Command kCommands[] = {
    {"--amplify", run_amplify},
    {"--approval", run_approval},
    {"--auth", run_auth},
    {"--load", run_load},
    {"--odds", run_odds},
    {"--overload", run_overload},
    {"--signatures", run_signatures},
    {"--spoof", run_spoof},
    {"--ssrf", run_ssrf},
    {"--vote", run_vote},
};

const Command* find(std::string_view name) {
  const auto found = std::find_if(std::begin(kCommands), std::end(kCommands),
                                  [&](const Command& command) { return command.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

int usage() {
  fmt::print(stderr, "usage: sectest COMMAND...\n");
  for (const Command& command : kCommands) fmt::print(stderr, "  {}\n", command.name);
  return 2;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) return usage();
  for (int i = 1; i < argc; ++i) {
    if (!find(argv[i])) return usage();
  }
  bool is_met = true;
  for (int i = 1; i < argc; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const bool is_passed = find(argv[i])->run();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print("{}: {} in {:.1f} s\n", argv[i], is_passed ? "met" : "MISSED", took.count());
    is_met = is_met && is_passed;
  }
  return is_met ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "sectest: {}\n", error.what());
  return 1;
}
