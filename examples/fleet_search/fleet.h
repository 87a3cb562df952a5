// examples/fleet_search/fleet.h: a whole network in one process, each node with its share of a
// folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "core/node.h"
#include "examples/fleet_search/file_index.h"
#include "services/runtime.h"

namespace spreadable::fleet_search {

/// A node that answers SearchAction from its index.
class SearchNode final : public Node {
 public:
  /// Throws what Node's constructor throws.
  SearchNode(NodeOptions options, Environment environment, FileIndex index);
  ~SearchNode() override { stop(); }  // requests read index_ until then

 private:
  const FileIndex index_;
};

/// Reads the text files under `root` in `count` shares, and tells `on_read` after each how many are
/// ready. Errors are those of FileIndex::read.
[[nodiscard]] Result<std::vector<FileIndex>> read_shares(
    const std::filesystem::path& root, std::size_t count,
    const std::function<void(std::size_t)>& on_read = {});

/// The nodes `localhost:<base_port>` and following, one for each share, that join through the
/// first. Keeps nothing on disk. For one thread.
class Fleet {
 public:
  /// What the threads of one Runtime are made for.
  static constexpr std::size_t kNodesMax = 100;

  struct Options {
    std::uint16_t base_port = 4300;
    Millis sync_interval{
        500};  ///< short, as one waits for a demonstration; 16 s suits a real network
  };

  /// `runtime` outlives the fleet. Throws std::invalid_argument when an option is out of its range.
  /// Requires: 1 to kNodesMax shares, and a port for each.
  Fleet(Runtime& runtime, const Options& options, std::vector<FileIndex> shares);

  /// Starts all nodes; Fleet's destructor stops them. Errors are those of Node::start.
  [[nodiscard]] Result<void> start();

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] std::vector<Address> addresses() const;
  [[nodiscard]] Node& node(std::size_t number) { return *nodes_.at(number); }

  /// How many nodes have their place in a list and see as many nodes as there are; the network has
  /// formed when all do.
  [[nodiscard]] std::size_t settled() const;

 private:
  std::vector<std::unique_ptr<SearchNode>> nodes_;
};

}  // namespace spreadable::fleet_search
