// cli/dev_network.h: the nodes of `spreadable dev`, all in this process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/logger.h"
#include "core/node.h"
#include "services/runtime.h"

namespace spreadable::cli {

/// The network at one moment. Nodes are named by their ports.
struct DevSummary {
  struct List {
    std::uint16_t master = 0;
    std::vector<std::uint16_t> slaves;
    friend bool operator==(const List&, const List&) = default;
  };

  std::size_t nodes = 0;
  std::size_t agreeing = 0;  ///< nodes in a list that see as many nodes as there are
  std::size_t longest_list = 0;
  std::vector<List> lists;              ///< by master
  std::vector<std::uint16_t> listless;  ///< nodes that have no master yet

  [[nodiscard]] bool is_agreed() const { return agreeing == nodes; }
  friend bool operator==(const DevSummary&, const DevSummary&) = default;
};

/// A network on localhost whose nodes keep nothing. The first one begins it, the others join
/// through that one. For one thread, but for the nodes' own.
class DevNetwork {
 public:
  static constexpr std::size_t kNodesMax = 1000;  ///< in one process; far above what is pleasant

  struct Options {
    std::size_t nodes = 1;
    NodeOptions node{};  ///< of the first; the others have the following ports
  };

  /// Throws as Node's constructor does. `logger` is shared by all.
  DevNetwork(const Options& options, const std::shared_ptr<Logger>& logger);
  ~DevNetwork();
  DevNetwork(const DevNetwork&) = delete;
  DevNetwork& operator=(const DevNetwork&) = delete;

  /// Starts all nodes. Errors: as Node::start, naming the node; some may run then.
  [[nodiscard]] Result<void> start();
  /// Ends all nodes, several at a time.
  void stop();

  /// Whether something has changed since the last call.
  [[nodiscard]] bool take_change() { return has_changed_.exchange(false); }
  [[nodiscard]] DevSummary summary() const;
  /// Since start() was called.
  [[nodiscard]] Duration age() const { return runtime_.clock()->now() - started_at_; }

 private:
  Runtime runtime_;
  TimePoint started_at_{};
  std::atomic<bool> has_changed_{true};
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace spreadable::cli
