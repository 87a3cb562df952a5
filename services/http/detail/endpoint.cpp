#include "services/http/detail/endpoint.h"

#include "core/assert.h"

namespace spreadable::detail {

Endpoint::Endpoint(const Setup& setup, std::vector<FileDescriptor> sockets) : setup_(setup) {
  for (FileDescriptor& socket : sockets) {
    listeners_.push_back(std::make_unique<Listener>(
        setup.loop, std::move(socket),
        [this](FileDescriptor fd, IpAddress remote) { accept(std::move(fd), remote); }));
  }
}

Endpoint::~Endpoint() {
  SPREADABLE_ASSERT(connections_.empty());
}

Result<void> Endpoint::start() {
  Result<void> started;
  setup_.loop.run([&] {
    for (const auto& listener : listeners_) {
      if (started) started = listener->start();
    }
    if (!started) close_listeners();
  });
  return started;
}

void Endpoint::stop(Deadline deadline) {
  setup_.loop.run([this] {
    is_draining_ = true;
    close_listeners();
  });
  wait_for_requests(deadline);
  is_cut_ = true;
  setup_.loop.run([this] { cut_connections(); });
  wait_for_requests(std::nullopt);
  setup_.loop.run([this] { cut_connections(); });
}

/// Until no request is under way, or `deadline` has passed.
void Endpoint::wait_for_requests(std::optional<Deadline> deadline) {
  const Clock& clock = setup_.loop.clock();
  const MutexLock lock(mutex_);
  std::unique_lock<std::mutex> inner(mutex_.native(), std::adopt_lock);
  while (requests_ > 0 && !(deadline && deadline->has_passed(clock))) {
    if (deadline) {
      none_left_.wait_for(inner, deadline->remaining(clock));
    } else {
      none_left_.wait(inner);
    }
  }
  inner.release();
}

void Endpoint::begin_request() {
  const MutexLock lock(mutex_);
  ++requests_;
}

void Endpoint::end_request() {
  const MutexLock lock(mutex_);
  if (--requests_ == 0) none_left_.notify_all();
}

void Endpoint::accept(FileDescriptor socket, IpAddress remote) {
  auto stream = setup_.streams(std::move(socket));
  if (!stream) {
    setup_.loop.connections().give_back(1);
    return;
  }
  auto connection = std::make_unique<Connection>(*this, std::move(stream), remote);
  Connection& ours = *connection;
  connections_.emplace(&ours, std::move(connection));
  ++connection_count_;
  ours.start();
}

void Endpoint::close_listeners() {
  for (auto& listener : listeners_) {
    listener->close();
    setup_.loop.dispose(std::move(listener));
  }
  listeners_.clear();
}

void Endpoint::discard(Connection& connection) {
  auto node = connections_.extract(&connection);
  SPREADABLE_ASSERT(!node.empty());
  setup_.loop.dispose(std::move(node.mapped()));
  --connection_count_;
}

void Endpoint::cut_connections() {
  std::vector<Connection*> all;  // cutting takes them out of the map
  for (const auto& [connection, owned] : connections_) all.push_back(connection);
  for (Connection* connection : all) connection->cut();
}

}  // namespace spreadable::detail
