// fleet_search: which files hold a phrase? Every node of a network knows some of them; one call
// asks all.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "core/units.h"
#include "examples/fleet_search/fleet.h"
#include "examples/fleet_search/progress.h"
#include "examples/fleet_search/report.h"
#include "examples/fleet_search/search_action.h"
#include "services/spreadable.h"

namespace spreadable::fleet_search {
namespace {

constexpr Duration kFormingMax = std::chrono::minutes{2};  // ample, even for a hundred nodes
constexpr Duration kLookInterval = std::chrono::milliseconds{50};

struct Settings {
  std::size_t nodes = 25;
  std::filesystem::path root = "/usr/share/doc";
  std::vector<std::string> phrases;
  std::string sync_interval = "500ms";
  bool is_json = false;
  Fleet::Options fleet;
};

enum Exit { done = 0, failed = 1, wrong_usage = 2 };

int fail(const std::string& message, Exit code = failed) {
  std::cerr << "fleet_search: " << message << '\n';
  return code;
}

/// Text for people; a program that asked for JSON gets nothing else.
void say(const Settings& settings, const std::string& text) {
  if (!settings.is_json) std::cout << text << std::flush;
}

Result<std::vector<FileIndex>> read_files(const Settings& settings) {
  Progress progress;
  return read_shares(settings.root, settings.nodes, [&](std::size_t count) {
    progress.show(fmt::format("reading files: {} of {} nodes have theirs", count, settings.nodes));
  });
}

/// Waits until every node has found all others, a signal comes or patience ends.
Result<void> wait_until_formed(const Fleet& fleet, StopSignals& signals, const Clock& clock) {
  Progress progress;
  const Deadline deadline = Deadline::after(clock, kFormingMax);
  for (std::size_t settled = 0; (settled = fleet.settled()) < fleet.size();) {
    progress.show(fmt::format("forming the network: {} of {} nodes have found all others", settled,
                              fleet.size()));
    if (deadline.has_passed(clock)) {
      return Error{Errc::timed_out,
                   fmt::format("only {} of {} nodes have found all others within {}", settled,
                               fleet.size(), format_duration(kFormingMax)),
                   {}};
    }
    if (signals.wait_for(kLookInterval) != 0) return Error{Errc::cancelled, "interrupted", {}};
  }
  return {};
}

/// What it takes to ask the network and to tell the answer.
struct Session {
  const Settings& settings;
  const Clock& clock;
  Client& client;
};

Result<Search> search(const Session& session, const std::string& phrase) {
  const TimePoint begin = session.clock.now();
  Result<TraversalResult> result =
      session.client.traverse(SearchAction::kName, {{"phrase", phrase}});
  if (!result) return result.error();
  return Search{phrase, std::move(*result), session.clock.now() - begin};
}

Result<std::vector<MapEntry>> network_map(Client& client) {
  const Result<TraversalResult> map = client.traverse(NetworkMapAction::kName, Json::object());
  if (!map) return map.error();
  return NetworkMapAction::parse(map->value);
}

/// Asks for the map and for each phrase, tells the answers and adds them to `report`. Whether every
/// node has answered each phrase.
Result<bool> ask_all(const Session& session, Json& report) {
  const Result<std::vector<MapEntry>> map = network_map(session.client);
  if (!map) return map.error();
  say(session.settings, describe(*map));
  report["map"] = to_json(*map);
  report["searches"] = Json::array();
  bool is_complete = true;
  for (const std::string& phrase : session.settings.phrases) {
    const Result<Search> found = search(session, phrase);
    if (!found) return found.error();
    say(session.settings, '\n' + describe(*found));
    report["searches"].push_back(to_json(*found));
    is_complete = is_complete && found->result.complete;
  }
  return is_complete;
}

int run(const Settings& settings) {
  Result<std::vector<FileIndex>> shares = read_files(settings);
  if (!shares) return fail(shares.error().message);
  const FileIndex::Figures files = total(*shares);
  say(settings, fmt::format("{} under {}\n", describe(files), settings.root.string()));

  StopSignals signals;  // from here on, so that Ctrl-C still ends the reading at once
  Runtime runtime;
  const Clock& clock = *runtime.clock();
  const TimePoint begin = clock.now();
  Fleet fleet(runtime, settings.fleet, std::move(*shares));
  if (const Result<void> started = fleet.start(); !started) return fail(started.error().message);
  if (const Result<void> formed = wait_until_formed(fleet, signals, clock); !formed) {
    return fail(formed.error().message);
  }
  const std::chrono::duration<double> forming = clock.now() - begin;
  say(settings, fmt::format("{} nodes became one network in {:.1f} s; masters and their slaves:\n",
                            fleet.size(), forming.count()));

  Client client({.address = fleet.addresses()}, {*runtime.transport(), clock, *runtime.random()});
  if (const Result<void> ready = client.init(); !ready) return fail(ready.error().message);
  Json report{
      {"nodes", fleet.size()}, {"formedInSeconds", forming.count()}, {"files", to_json(files)}};
  const Result<bool> is_complete = ask_all({settings, clock, client}, report);
  if (!is_complete) return fail(is_complete.error().message);
  if (settings.is_json) std::cout << dump_json(report) << std::endl;
  if (settings.phrases.empty() && !settings.is_json) {
    say(settings, "\nserving until Ctrl-C\n");
    signals.wait();
  }
  return *is_complete ? done : failed;
}

void declare_options(CLI::App& app, Settings& settings) {
  app.add_option("--nodes", settings.nodes, "how many nodes to run")
      ->check(CLI::Range(std::size_t{1}, Fleet::kNodesMax))
      ->capture_default_str();
  app.add_option("--base-port", settings.fleet.base_port, "port of the first node")
      ->check(CLI::Range(std::size_t{1}, 65'536 - Fleet::kNodesMax))
      ->capture_default_str();
  app.add_option("--root", settings.root, "folder whose text files are searched")
      ->capture_default_str();
  app.add_option("--phrase", settings.phrases,
                 "what to look for; may be given again; none: serve until Ctrl-C")
      ->allow_extra_args(false);
  app.add_option("--sync-interval", settings.sync_interval, "how often nodes look at the network")
      ->capture_default_str();
  app.add_flag("--json", settings.is_json, "one JSON document instead of text");
}

}  // namespace
}  // namespace spreadable::fleet_search

int main(int argc, char** argv) {
  using namespace spreadable;
  using namespace spreadable::fleet_search;
  CLI::App app("Runs a network of nodes that each know some files, and asks it for phrases.");
  Settings settings;
  declare_options(app, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : wrong_usage;
  }
  try {
    const Result<Millis> interval = parse_duration(settings.sync_interval);
    if (!interval) return fail("--sync-interval: " + interval.error().message, wrong_usage);
    settings.fleet.sync_interval = *interval;
    return run(settings);
  } catch (const std::invalid_argument& error) {  // an option that the nodes refuse
    return fail(error.what(), wrong_usage);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
