// cli/node_report.h: what `spreadable start` tells about its node.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "core/json.h"
#include "core/mutex.h"
#include "core/node.h"

namespace spreadable::cli {

/// Writes a line to standard output when the node serves, when it registers, when the size of the
/// network changes, and when it has stopped; with `is_json`, JSON objects. A thread of its own does
/// so: a reader that has paused must hold up the output, not the node. Changes that follow each
/// other faster than they can be written are told as one.
/// Outlives the node that it watches. begin() and end() are called from one thread.
class NodeReport {
 public:
  explicit NodeReport(bool is_json) : is_json_(is_json) {}
  ~NodeReport() { end_thread(); }
  NodeReport(const NodeReport&) = delete;
  NodeReport& operator=(const NodeReport&) = delete;

  /// Call before the node is started.
  void watch(Node& node);
  /// The node serves. What has happened since watch() is told after that.
  void begin(const Node& node);
  /// The node has stopped.
  void end();

 private:
  struct State {
    std::string master;
    std::size_t registrations = 0;  ///< tells a second one with the same master
    std::size_t size = 1;
    friend bool operator==(const State&, const State&) = default;
  };

  void note(const EventInfo& info);
  void loop();
  void show_change(const State& before, const State& now) const;
  void show(std::string_view text, const Json& json) const;
  void end_thread();

  const bool is_json_;
  std::string address_;
  std::thread thread_;
  Mutex mutex_;
  Condition changed_;
  State now_ SPREADABLE_GUARDED_BY(mutex_);
  bool is_ending_ SPREADABLE_GUARDED_BY(mutex_) = false;
};

}  // namespace spreadable::cli
