#include "services/net/curl_transport.h"

#include <stdexcept>

#include "core/assert.h"
#include "services/net/detail/curl_loop.h"

namespace spreadable {
namespace {

CurlTransport::Options checked(CurlTransport::Options options) {
  const auto require = [](bool is_right, const char* option) {
    if (!is_right) throw std::invalid_argument(std::string(option) + " must be above zero");
  };
  require(options.connections_total_max > 0, "connections_total_max");
  require(options.connections_per_peer_max > 0, "connections_per_peer_max");
  require(options.requests_max > 0, "requests_max");
  require(options.connect_timeout > Millis::zero(), "connect_timeout");
  require(options.name_threads_max > 0, "name_threads_max");
  require(options.names_max > 0, "names_max");
  return options;
}

}  // namespace

CurlTransport::CurlTransport(const Clock& clock, Resolver& resolver, Options options)
    : clock_(clock), resolver_(resolver), options_(checked(std::move(options))) {}

CurlTransport::CurlTransport(const Clock& clock, Resolver& resolver)
    : CurlTransport(clock, resolver, Options{}) {}

CurlTransport::~CurlTransport() = default;

Result<detail::CurlLoop*> CurlTransport::loop() {
  const MutexLock lock(mutex_);
  if (loop_) return loop_.get();
  if (const auto library = detail::CurlLibrary::load(); !library) return library.error();
  try {
    loop_ = std::make_unique<detail::CurlLoop>(clock_, resolver_, options_);
  } catch (const std::runtime_error& error) {
    return Error{Errc::overloaded, std::string("no request can be sent: ") + error.what(), {}};
  }
  return loop_.get();
}

std::vector<Result<TransportReply>> CurlTransport::request_group(
    std::span<const TransportRequest> requests, Deadline deadline,
    const std::function<void()>& meanwhile) {
  SPREADABLE_ASSERT(requests.size() <= kGroupMax);
  const Result<detail::CurlLoop*> known = loop();
  if (!known) {
    if (meanwhile) meanwhile();
    return {requests.size(), known.error()};
  }
  detail::CurlLoop& loop = **known;
  auto group = std::make_shared<detail::RequestGroup>(requests, deadline);
  loop.submit(group);
  if (meanwhile) meanwhile();
  const bool is_settled = group->wait(clock_);
  std::vector<Result<TransportReply>> results = group->take();
  loop.leave(is_settled ? nullptr : std::move(group));
  return results;
}

}  // namespace spreadable
