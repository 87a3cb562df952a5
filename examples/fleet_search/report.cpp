#include "examples/fleet_search/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace spreadable::fleet_search {
namespace {

constexpr std::size_t kMatchesShown = 10;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

/// The slaves of each master; those without a master stand under the empty address.
std::map<Address, std::vector<Address>> lists_of(const std::vector<MapEntry>& map) {
  std::map<Address, std::vector<Address>> lists;
  for (const MapEntry& entry : map) lists[entry.backlink].push_back(entry.address);
  return lists;
}

std::string ports_of(const std::vector<Address>& addresses) {
  std::string ports;
  for (const Address& address : addresses) ports += fmt::format(" {}", address.port());
  return ports;
}

std::string counted(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

}  // namespace

std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

FileIndex::Figures total(std::span<const FileIndex> shares) {
  FileIndex::Figures sum;
  for (const FileIndex& share : shares) {
    const FileIndex::Figures& part = share.figures();
    sum.files += part.files;
    sum.bytes += part.bytes;
    sum.binary += part.binary;
    sum.left_out += part.left_out;
    sum.unreadable += part.unreadable;
    sum.unreadable_folders = std::max(sum.unreadable_folders, part.unreadable_folders);
  }
  return sum;
}

std::string describe(const FileIndex::Figures& figures) {
  std::string text = fmt::format("{}, {:.1f} MB", counted(figures.files, "text file"),
                                 static_cast<double>(figures.bytes) / 1e6);
  if (figures.left_out > 0) text += fmt::format("; {} left out", grouped(figures.left_out));
  if (figures.unreadable > 0) text += fmt::format("; {} unreadable", grouped(figures.unreadable));
  if (figures.unreadable_folders > 0) {
    text += "; " + counted(figures.unreadable_folders, "unreadable folder");
  }
  return text;
}

std::string describe(const std::vector<MapEntry>& map) {
  std::string text;
  for (const auto& [master, slaves] : lists_of(map)) {
    const std::string name = master.is_empty() ? "no master" : master.text();
    text += fmt::format("  {:<16}{}\n", name, ports_of(slaves));
  }
  return text;
}

std::string describe(const Search& search) {
  const TraversalResult& result = search.result;
  const std::size_t matches = result.value.size();
  std::string text = fmt::format("\"{}\": {}\n", search.phrase, counted(matches, "file"));
  for (std::size_t i = 0; i < std::min(matches, kMatchesShown); ++i) {
    text += fmt::format("  {}\n", result.value[i].get_ref<const std::string&>());
  }
  if (matches > kMatchesShown) {
    text += fmt::format("  … and {} more\n", grouped(matches - kMatchesShown));
  }
  text += fmt::format("  {} of {} answered through {} in {:.1f} ms\n", result.nodes_answered,
                      counted(result.nodes_asked, "node"), counted(result.masters_asked, "master"),
                      milliseconds(search.duration));
  if (!result.silent.empty()) text += fmt::format("  silent:{}\n", ports_of(result.silent));
  return text;
}

Json to_json(const FileIndex::Figures& figures) {
  return {{"files", figures.files},           {"bytes", figures.bytes},
          {"binary", figures.binary},         {"leftOut", figures.left_out},
          {"unreadable", figures.unreadable}, {"unreadableFolders", figures.unreadable_folders}};
}

Json to_json(const std::vector<MapEntry>& map) {
  Json json{{"masters", Json::object()}, {"unregistered", Json::array()}};
  for (const MapEntry& entry : map) {
    const bool is_registered = !entry.backlink.is_empty();
    Json& list = is_registered ? json["masters"][entry.backlink.text()] : json["unregistered"];
    list.push_back(entry.address.text());
  }
  return json;
}

Json to_json(const Search& search) {
  Json json = search.result.to_json();
  json["matches"] = std::move(json["value"]);
  json.erase("value");
  json["phrase"] = search.phrase;
  json["milliseconds"] = milliseconds(search.duration);
  return json;
}

}  // namespace spreadable::fleet_search
