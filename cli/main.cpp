// The `spreadable` program. One file per command; here they come together.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/kinds.h"
#include "cli/output.h"
#include "core/wire.h"

namespace spreadable::cli {
namespace {

struct Command {
  const char* name;
  const char* help;
  Run (*make)(CLI::App& app);
};

constexpr std::array<Command, 7> kCommands{{
    {"start", "Run a node until SIGINT, SIGTERM or SIGQUIT", make_start},
    {"dev", "Run a whole network of nodes on this machine and watch it form", make_dev},
    {"status", "Show the state of a running node", make_status},
    {"map", "Show all nodes of a network and who keeps whom in its list", make_map},
    {"request", "Send one client request to a node", make_request},
    {"documents", "Add, find, change, import and export documents of a network", make_documents},
    {"simulate", "Play a scenario with many nodes in virtual time", make_simulate},
}};

void describe_program(CLI::App& app) {
  app.description("Decentralised networks whose nodes answer as one.");
  app.set_version_flag(
      "--version", fmt::format("spreadable {} (protocol {})", SPREADABLE_VERSION, wire::kVersion));
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(0, 1);  // run() explains what is missing in its own words
  app.formatter(make_help_formatter());
  app.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.\n"
      "`spreadable COMMAND --help` tells more about a command.");
}

/// What CLI11 makes of wrong usage, on one line, with a hint where to read on.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::string command = "spreadable";
  for (const CLI::App* used : app.get_subcommands()) command += " " + used->get_name();
  if (const auto rest = app.remaining(/*recurse=*/true); !rest.empty()) {
    const bool is_flag = rest.front().starts_with('-');
    message = fmt::format("unknown {} \"{}\"",
                          is_flag                         ? "flag"
                          : app.get_subcommands().empty() ? "command"
                                                          : "argument",
                          rest.front());
  }
  return misuse(fmt::format("{}; see {} --help", message, command));
}

int run(int argc, char** argv) {
  declare_kinds();
  CLI::App app("", "spreadable");
  describe_program(app);
  std::vector<std::pair<CLI::App*, Run>> commands;
  for (const Command& command : kCommands) {
    CLI::App* const added = app.add_subcommand(command.name, command.help);
    commands.emplace_back(added, command.make(*added));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return finish_output(app.exit(help));
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  const auto used = std::find_if(commands.begin(), commands.end(),
                                 [](const auto& entry) { return entry.first->parsed(); });
  if (used == commands.end()) return misuse("no command is given; see spreadable --help");
  return used->second();
}

}  // namespace
}  // namespace spreadable::cli

int main(int argc, char** argv) {
  // A reader that closes its end of a pipe must not end a node.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return spreadable::cli::run(argc, argv);
  } catch (const std::invalid_argument& error) {  // how a Node refuses its options
    return spreadable::cli::misuse(error.what());
  } catch (const std::exception& error) {
    return spreadable::cli::fail(error.what());
  }
}
