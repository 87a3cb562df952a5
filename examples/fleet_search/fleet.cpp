#include "examples/fleet_search/fleet.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "examples/fleet_search/search_action.h"

namespace spreadable::fleet_search {

SearchNode::SearchNode(NodeOptions options, Environment environment, FileIndex index)
    : Node(std::move(options), std::move(environment)), index_(std::move(index)) {
  add_action(std::make_unique<SearchAction>(index_));
}

Result<std::vector<FileIndex>> read_shares(const std::filesystem::path& root, std::size_t count,
                                           const std::function<void(std::size_t)>& on_read) {
  std::vector<FileIndex> shares;
  for (std::size_t number = 0; number < count; ++number) {
    Result<FileIndex> share = FileIndex::read(root, {.number = number, .count = count});
    if (!share) return share.error();
    shares.push_back(std::move(*share));
    if (on_read) on_read(shares.size());
  }
  return shares;
}

Fleet::Fleet(Runtime& runtime, const Options& options, std::vector<FileIndex> shares) {
  SPREADABLE_ASSERT(!shares.empty() && shares.size() <= kNodesMax);
  SPREADABLE_ASSERT(options.base_port > 0 && options.base_port + shares.size() - 1 <= 65'535);
  NodeOptions node_options;
  node_options.port = options.base_port;
  node_options.hostname = "localhost";
  node_options.storage.path = Runtime::kNoStorage;
  node_options.network.sync_interval = options.sync_interval;
  node_options.logger.level = LogLevel::warn;
  for (FileIndex& share : shares) {
    nodes_.push_back(std::make_unique<SearchNode>(node_options, runtime.environment(node_options),
                                                  std::move(share)));
    node_options.initial_network_address = {nodes_.front()->address()};
    ++node_options.port;
  }
}

Result<void> Fleet::start() {
  for (const auto& node : nodes_) {
    if (Result<void> started = node->start(); !started) return started;
  }
  return {};
}

std::vector<Address> Fleet::addresses() const {
  std::vector<Address> addresses;
  for (const auto& node : nodes_) addresses.push_back(node->address());
  return addresses;
}

std::size_t Fleet::settled() const {
  const auto is_settled = [&](const auto& node) {
    const auto view = node->peers().view();
    return view->network_size() == size() && (view->is_registered() || size() == 1);
  };
  return static_cast<std::size_t>(std::count_if(nodes_.begin(), nodes_.end(), is_settled));
}

}  // namespace spreadable::fleet_search
