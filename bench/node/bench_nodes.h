// bench/node/bench_nodes.h: the measured nodes of one process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/node.h"
#include "services/runtime.h"

namespace spreadable::bench {

/// Nodes on 127.0.0.1 at consecutive ports, which have the actions of bench/support/actions.h. They
/// make a network of their own, or are a part of one. Says on standard output when they serve and
/// whenever all of them have come to agree on its size, or no longer do. For one thread.
class BenchNodes {
 public:
  struct Options {
    std::uint16_t port = 0;  ///< of the first
    std::size_t nodes = 1;
    std::size_t network = 1;          ///< nodes of the whole network
    std::string initial{};            ///< a node to join through; none: the first begins a network
    std::filesystem::path storage{};  ///< a folder for each node's folder; none: keeps nothing
    std::vector<std::string> settings{};  ///< more options, as `network.syncInterval=1s`
    /// Given: the first node knows these masters, as host:port, each with a list of `list_length`,
    /// and nobody looks for others.
    std::vector<std::string> masters{};
    std::size_t list_length = 0;
  };

  /// Throws std::invalid_argument for options that make no sense, and as Node's constructor does.
  explicit BenchNodes(const Options& options);

  /// Throws std::runtime_error when a node can't be started.
  void start();
  void stop();

 private:
  [[nodiscard]] NodeOptions options_of(const Options& options, std::size_t index) const;
  void watch(std::size_t index);
  void note(std::size_t index);
  void know_masters(const Options& options);

  const std::size_t network_;
  Runtime runtime_;
  Mutex mutex_;
  std::vector<bool> agrees_ SPREADABLE_GUARDED_BY(mutex_);  ///< by node
  std::size_t agreeing_ SPREADABLE_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace spreadable::bench
