// services/runtime.h: what the nodes of one process share.
#pragma once

#include <memory>

#include "core/environment.h"
#include "core/options.h"
#include "services/http/event_loop.h"
#include "services/http/worker_pool.h"
#include "services/mux/mux_transport.h"
#include "services/net/curl_transport.h"
#include "services/sync/structure_cache.h"
#include "services/system/process_load.h"
#include "services/system/thread_scheduler.h"

namespace spreadable {

/// Threads, sockets and clocks for any number of nodes of a process: one loop for incoming and one
/// for outgoing sockets, one pool of workers, one scheduler. Begin a program with it:
///
///     Runtime runtime;
///     Node node(options, runtime.environment(options));
///
/// Outlives all nodes made with it. Thread-safe.
class Runtime {
 public:
  struct Options {
    WorkerPool::Options workers{};
    EventLoop::Options server{};
    CurlTransport::Options transport{};
    MuxTransport::Options shared_connections{};
    ThreadScheduler::Options scheduler{};
    /// Shifts the date that nodes see, for tests of machines whose clocks disagree.
    Millis wall_offset{0};
  };
  /// As NodeOptions' storage.path: keep nothing over a restart.
  static constexpr const char* kNoStorage = ":memory:";

  /// Throws std::system_error or std::runtime_error when threads or sockets are not to be had.
  Runtime();
  explicit Runtime(Options options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// The ports and default services for a node with `options`. Opens its storage, which no other
  /// process may use meanwhile, and its logger, unless `logger` is given. Throws
  /// std::runtime_error, naming the folder, when either fails.
  [[nodiscard]] Environment environment(const NodeOptions& options,
                                        std::shared_ptr<Logger> logger = nullptr);

  [[nodiscard]] const std::shared_ptr<const Clock>& clock() const { return clock_; }
  [[nodiscard]] const std::shared_ptr<Random>& random() const { return random_; }
  [[nodiscard]] const std::shared_ptr<Transport>& transport() const { return transport_; }

 private:
  // Shared with the environments of nodes; the order is that of dependence.
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<Logger> logger_;
  std::shared_ptr<Random> random_;
  std::shared_ptr<Resolver> resolver_;
  std::unique_ptr<CurlTransport> curl_;
  std::unique_ptr<EventLoop> loop_;
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<Scheduler> scheduler_;
  std::shared_ptr<ProcessLoad> load_;
  std::shared_ptr<AnswerMemory> memory_;
  std::shared_ptr<StructureCache> structures_ = std::make_shared<StructureCache>();
  std::unique_ptr<WorkerPool> workers_;
};

}  // namespace spreadable
