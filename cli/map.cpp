// `spreadable map`: all nodes of a network, by whose list they are in.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "cli/client_flags.h"
#include "cli/command.h"
#include "cli/output.h"
#include "core/network_map.h"
#include "core/traversal.h"

namespace spreadable::cli {
namespace {

/// A master as its slaves and itself tell of it.
struct List {
  std::size_t claimed = 0;    ///< slaves that it says it has
  bool has_answered = false;  ///< or only its slaves name it
  std::vector<std::string> slaves;
};

struct Tree {
  std::map<std::string, List> lists;
  std::vector<std::string> alone;  ///< nodes without a master
};

Tree make_tree(const std::vector<MapEntry>& entries) {
  Tree tree;
  for (const MapEntry& entry : entries) {
    const std::string& address = entry.address.text();
    if (entry.slaves > 0) tree.lists[address].claimed = entry.slaves;
    if (entry.backlink.is_empty()) {
      tree.alone.push_back(address);
    } else {
      tree.lists[entry.backlink.text()].slaves.push_back(address);
    }
  }
  for (const MapEntry& entry : entries) {
    const auto list = tree.lists.find(entry.address.text());
    if (list != tree.lists.end()) list->second.has_answered = true;
  }
  return tree;
}

void print_words(const std::vector<std::string>& words) {
  for (const std::string& line : wrap(words, /*indent=*/2, text_width())) print_line(line);
}

void print_tree(const Tree& tree) {
  for (const auto& [master, list] : tree.lists) {
    std::string title = fmt::format("{}  {}", master, count_of(list.claimed, "slave"));
    if (!list.has_answered) {
      title = fmt::format("{}  silent, its slaves name it", master);
    } else if (list.slaves.size() != list.claimed) {
      title += fmt::format(", {} of them here", list.slaves.size());
    }
    print_line(title);
    print_words(list.slaves);
  }
  if (!tree.alone.empty()) {
    print_line("in no list");
    print_words(tree.alone);
  }
}

void print_silent(const TraversalResult& result) {
  if (result.silent.empty()) return;
  std::vector<std::string> names;
  for (const Address& address : result.silent) names.push_back(address.text());
  const std::size_t count = result.nodes_asked - result.nodes_answered;
  if (count > names.size()) names.push_back(fmt::format("and {} more", count - names.size()));
  print_line("silent");
  print_words(names);
}

std::string summary_of(const TraversalResult& result, Duration time) {
  std::string text = fmt::format(
      "{} of {} answered, {}, {} ms", result.nodes_answered, count_of(result.nodes_asked, "node"),
      count_of(result.masters_asked, "master"), std::chrono::round<Millis>(time).count());
  if (result.masters_failed > 0) {
    text += fmt::format(", {} silent", count_of(result.masters_failed, "master"));
  }
  return text;
}

int print_map(const TraversalResult& result, Duration time) {
  const Result<std::vector<MapEntry>> entries = NetworkMapAction::parse(result.value);
  if (!entries) return fail(describe(entries.error()));
  print_tree(make_tree(*entries));
  print_silent(result);
  const std::size_t left_out = result.value.size() - entries->size();
  if (left_out > 0)
    print_line(fmt::format("entries left out, since they make no sense: {}", left_out));
  print_line("");
  print_line(summary_of(result, time));
  return kDone;
}

int run(const ClientFlags& flags) {
  const Result<Client::Options> options = flags.read();
  if (!options) return misuse(options.error().message);
  NodeClient client(*options);
  if (const Result<void> found = client->init(); !found) return fail(describe(found.error()));
  const TimePoint begun = client.clock().now();
  const Result<TraversalResult> result = client->traverse(NetworkMapAction::kName, Json::object());
  if (!result) return fail(describe(result.error()));
  int code = kDone;
  if (flags.is_json) {
    print_line(json_text(result->to_json()));
  } else {
    code = print_map(*result, client.clock().now() - begun);
  }
  return finish_output(result->complete ? code : kFailed);
}

}  // namespace

Run make_map(CLI::App& app) {
  const auto flags = std::make_shared<ClientFlags>();  // shared with the callbacks of the parser
  flags->add_to(app);
  app.footer(
      "Below each master stand the nodes in its list. Exits with 1 when a node did not answer;\n"
      "the map then shows what the others told.");
  return [flags] { return run(*flags); };
}

}  // namespace spreadable::cli
