// examples/fleet_search/report.h: what the program shows, for people and as JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/json.h"
#include "core/network_map.h"
#include "core/traversal.h"
#include "examples/fleet_search/file_index.h"

namespace spreadable::fleet_search {

/// One phrase, what the network answered, and how long that took.
struct Search {
  std::string phrase;
  TraversalResult result;
  Duration duration{};
};

/// The sum over all shares of one tree.
[[nodiscard]] FileIndex::Figures total(std::span<const FileIndex> shares);

/// "3,539 text files, 92.2 MB", and what was not read, if anything.
[[nodiscard]] std::string describe(const FileIndex::Figures& figures);

/// A line per master: its address and the ports of its slaves.
[[nodiscard]] std::string describe(const std::vector<MapEntry>& map);

/// The first matches and the figures of the traversal.
[[nodiscard]] std::string describe(const Search& search);

/// `{files, bytes, binary, leftOut, unreadable, unreadableFolders}`
[[nodiscard]] Json to_json(const FileIndex::Figures& figures);
/// `{"masters": {"<master>": ["<slave>", …], …}, "unregistered": […]}`
[[nodiscard]] Json to_json(const std::vector<MapEntry>& map);
/// As TraversalResult::to_json, with `phrase` and `milliseconds`, and `matches` for its value.
[[nodiscard]] Json to_json(const Search& search);

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::size_t number);

}  // namespace spreadable::fleet_search
