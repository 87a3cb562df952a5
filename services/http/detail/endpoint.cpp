#include "services/http/detail/endpoint.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/access.h"
#include "core/ascii.h"
#include "core/assert.h"
#include "core/wire.h"
#include "services/http/detail/loop_crew.h"
#include "services/http/detail/response_text.h"
#include "services/http/detail/text.h"

namespace spreadable::detail {

Endpoint::Endpoint(const Setup& setup, std::vector<FileDescriptor> sockets) : setup_(setup) {
  constexpr double kBurstSeconds = 10;
  if (const std::uint32_t rate = setup.options.sources.client_requests_per_second; rate > 0) {
    client_requests_.emplace(
        TokenBuckets::Options{.per_second = static_cast<double>(rate),
                              .burst = kBurstSeconds * static_cast<double>(rate)});
  }
  for (FileDescriptor& socket : sockets) {
    listeners_.push_back(std::make_unique<Listener>(
        setup.loop, std::move(socket),
        [this](FileDescriptor fd, IpAddress remote) { accept(std::move(fd), remote); }));
  }
}

Endpoint::~Endpoint() {
  SPREADABLE_ASSERT(connections_.empty() && mux_connections_.empty());
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
  is_none_left_awaited_ = true;
  while (requests_ > 0 && !(deadline && deadline->has_passed(clock))) {
    if (deadline) {
      none_left_.wait_for(mutex_, deadline->remaining(clock));
    } else {
      none_left_.wait(mutex_);
    }
  }
}

void Endpoint::begin_request() {
  const MutexLock lock(mutex_);
  ++requests_;
}

void Endpoint::end_requests(std::size_t count) {
  const MutexLock lock(mutex_);
  requests_ -= count;
  if (requests_ == 0 && is_none_left_awaited_) none_left_.notify_all();
}

bool Endpoint::try_submit(WorkClass work, std::size_t kind, WorkerPool::Job job) {
  LoopCrew& crew = setup_.loop.crew();
  WorkerPool& pool = setup_.pool;
  if (!crew.can_serve(kind) || !pool.try_begin(work)) return pool.try_submit(work, std::move(job));
  crew.serve(kind, [&pool, work, run = std::move(job.run)] {
    run();
    pool.finish(work);
  });
  return true;
}

Endpoint::Requester Endpoint::requester_of(const RequestHead& head, const IpAddress& remote) const {
  const std::vector<IpAddress>& proxies = setup_.options.sources.proxies;
  if (std::find(proxies.begin(), proxies.end(), remote) == proxies.end()) return {remote};
  const auto forwarded = head.headers.find(wire::kForwardedFor);
  if (!forwarded) return {remote};
  // One of several is the client's own, and nothing says which.
  const auto count = std::count_if(head.headers.begin(), head.headers.end(), [](const auto& field) {
    return ascii::is_same_word(field.name, wire::kForwardedFor);
  });
  const IpAddress client = count == 1 ? client_ip_of(remote, *forwarded, proxies) : remote;
  return {client, /*is_hidden=*/client == remote};
}

bool Endpoint::try_take_client_request(const Requester& requester) {
  const bool is_limited = requester.is_hidden || setup_.options.sources.limits(requester.ip);
  if (!client_requests_ || !is_limited) return true;
  return client_requests_->try_take(neighbourhood_of(requester.ip), setup_.loop.clock().now());
}

/// Takes a place for a new connection, if need be that of another one.
bool Endpoint::try_seat(const IpAddress& remote) {
  ConnectionTable& table = setup_.loop.table();
  Allowance& connections = setup_.loop.connections();
  std::size_t neighbours = 0;
  if (setup_.options.sources.limits(remote)) {
    const ConnectionTable::Place place{this, remote};
    if (!is_within_limits(place)) return false;
    neighbours = table.count(place, ConnectionTable::Scope::group);
  }
  if (connections.try_take(1)) return true;
  // Whoever loses a connection has no fewer than the newcomer's neighbourhood then.
  return table.evict_newest(/*count=*/neighbours + 1) && connections.try_take(1);
}

bool Endpoint::is_within_limits(const ConnectionTable::Place& place) {
  using Scope = ConnectionTable::Scope;
  ConnectionTable& table = setup_.loop.table();
  const SourceLimits& limits = setup_.options.sources;
  // Before that the client may have a request under way on it.
  const TimePoint idle = setup_.loop.clock().now() - setup_.options.keep_alive_announced;
  for (const auto& [scope, max] : {std::pair{Scope::machine, limits.connections_per_machine},
                                   std::pair{Scope::group, limits.connections_per_group}}) {
    const bool is_full = max > 0 && table.count(place, scope) >= max;
    if (is_full && !table.evict_idle(place, scope, idle)) return false;
  }
  return true;
}

void Endpoint::accept(FileDescriptor socket, IpAddress remote) {
  if (!try_seat(remote)) return;
  auto stream = setup_.streams(std::move(socket));
  if (!stream) {
    setup_.loop.connections().give_back(1);
    return;
  }
  auto connection = std::make_unique<Connection>(*this, std::move(stream), remote);
  Connection& ours = *connection;
  connections_.emplace(&ours, std::move(connection));
  ++connection_count_;
  if (setup_.options.sources.limits(remote)) setup_.loop.table().add({this, remote}, ours);
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

void Endpoint::discard(MuxConnection& connection) {
  auto node = mux_connections_.extract(&connection);
  SPREADABLE_ASSERT(!node.empty());
  setup_.loop.dispose(std::move(node.mapped()));
  --connection_count_;
}

void Endpoint::go_on_with_frames(Connection& connection, std::unique_ptr<ByteStream> stream,
                                 IpAddress remote) {
  ConnectionTable& table = setup_.loop.table();
  auto mux = std::make_unique<MuxConnection>(*this, std::move(stream), remote);
  MuxConnection& ours = *mux;
  mux_connections_.emplace(&ours, std::move(mux));
  ++connection_count_;
  table.remove(connection);
  if (setup_.options.sources.limits(remote)) table.add({this, remote}, ours);
  discard(connection);
  ours.send_raw(switching_protocols_text(kMuxProtocol));
  ours.start(/*is_watched=*/true);
}

void Endpoint::cut_connections() {
  std::vector<Connection*> all;  // cutting takes them out of the map
  for (const auto& [connection, owned] : connections_) all.push_back(connection);
  for (Connection* connection : all) connection->cut();
  std::vector<MuxConnection*> all_mux;
  for (const auto& [connection, owned] : mux_connections_) all_mux.push_back(connection);
  for (MuxConnection* connection : all_mux) connection->close();
}

}  // namespace spreadable::detail
