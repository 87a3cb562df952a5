// services/http/detail/endpoint.h: one listening server, from start to stop.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ip.h"
#include "core/mutex.h"
#include "core/server.h"
#include "services/http/detail/byte_stream.h"
#include "services/http/detail/connection.h"
#include "services/http/detail/head_memory.h"
#include "services/http/detail/listener.h"
#include "services/http/detail/mux_connection.h"
#include "services/http/http_server.h"
#include "services/http/token_buckets.h"

namespace spreadable::detail {

/// The listeners and the connections of one HttpServer, and the count of requests under way.
class Endpoint {
 public:
  /// What the connections work with. All outlive the endpoint.
  struct Setup {
    EventLoop& loop;
    WorkerPool& pool;
    RequestHandler& handler;
    const HttpServer::Options& options;
    std::size_t body_bytes_max;
    int compression_level;
    StreamFactory streams;  ///< what lies between connections and their sockets
  };

  /// `sockets` listen already.
  Endpoint(const Setup& setup, std::vector<FileDescriptor> sockets);
  /// Requires: stop() has returned, or start() has failed.
  ~Endpoint();

  [[nodiscard]] Result<void> start();
  /// Source: Server::stop.
  void stop(Deadline deadline);

  [[nodiscard]] const Setup& setup() const { return setup_; }
  /// Connections open now. Thread-safe.
  [[nodiscard]] std::size_t connections() const { return connection_count_; }

  // For connections. The first four are thread-safe.

  /// New requests are refused.
  [[nodiscard]] bool is_draining() const { return is_draining_; }
  /// Handlers are no longer called.
  [[nodiscard]] bool is_cut() const { return is_cut_; }
  void begin_request();
  /// The last thing that a worker may do here: stop() may return at once.
  void end_request() { end_requests(1); }
  void end_requests(std::size_t count);
  /// On the loop: has `job`, of `kind` to the loop's crew, done between two events of the loop, or
  /// by the pool: where jobs of its kind have turned out to be slow, or others of its class wait
  /// already. Otherwise as WorkerPool::try_submit.
  [[nodiscard]] bool try_submit(WorkClass work, std::size_t kind, WorkerPool::Job job);
  /// Whose request it is.
  struct Requester {
    IpAddress ip;
    bool is_hidden = false;  ///< behind the proxy with that ip, which does not say who it is
  };
  [[nodiscard]] Requester requester_of(const RequestHead& head, const IpAddress& remote) const;
  /// On the loop: takes one client request of what `requester` may ask for. False when it is used
  /// up.
  [[nodiscard]] bool try_take_client_request(const Requester& requester);
  /// On the loop: answers that the peer may send frames, and lets a MuxConnection take the place of
  /// `connection`, whose stream and ip are given.
  void go_on_with_frames(Connection& connection, std::unique_ptr<ByteStream> stream,
                         IpAddress remote);
  /// On the loop: what peers of ours have asked with.
  [[nodiscard]] HeadMemory& heads() { return heads_; }
  /// On the loop: lets go of a closed connection.
  void discard(Connection& connection);
  void discard(MuxConnection& connection);

 private:
  void accept(FileDescriptor socket, IpAddress remote);
  [[nodiscard]] bool try_seat(const IpAddress& remote);
  [[nodiscard]] bool is_within_limits(const ConnectionTable::Place& place);
  void close_listeners();
  void wait_for_requests(std::optional<Deadline> deadline);
  void cut_connections();

  const Setup setup_;
  std::atomic<std::size_t> connection_count_{0};
  std::atomic<bool> is_draining_{false};
  std::atomic<bool> is_cut_{false};

  // Of the loop's thread.
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::unordered_map<MuxConnection*, std::unique_ptr<MuxConnection>> mux_connections_;
  std::optional<TokenBuckets> client_requests_;  ///< none: any number
  HeadMemory heads_;

  Mutex mutex_;
  Condition none_left_;
  std::size_t requests_ SPREADABLE_GUARDED_BY(mutex_) = 0;  ///< with a worker, or being sent
  bool is_none_left_awaited_ SPREADABLE_GUARDED_BY(mutex_) = false;  ///< or has been
};

}  // namespace spreadable::detail
