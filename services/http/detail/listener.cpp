#include "services/http/detail/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace spreadable::detail {
namespace {

/// Accepted per event, so that a burst of newcomers does not hold up those who are there.
constexpr int kAcceptsInARow = 64;
/// Ports tried for one that is free on both loopback addresses. Even on a machine with half of all
/// ports taken so many are never taken in a row.
constexpr int kPortTries = 64;

Error failure(const Listener::Place& place, const std::string& reason) {
  return {
      Errc::io,
      "cannot listen on port " + std::to_string(place.port) + " of " + place.host + ": " + reason,
      {}};
}

void set_option(int fd, int level, int name, int value) {
  // The options asked for can't fail on a TCP socket.
  (void)setsockopt(fd, level, name, &value, sizeof(value));
}

/// Binds and listens; errno tells what went wrong when the result is not open.
FileDescriptor listen_at(const addrinfo& at, int backlog) {
  FileDescriptor fd(socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fd;
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // accepted sockets inherit it
  if (at.ai_family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd.get(), at.ai_addr, at.ai_addrlen) == 0 && listen(fd.get(), backlog) == 0) return fd;
  const int reason = errno;
  fd.reset();
  errno = reason;
  return fd;
}

struct Opened {
  FileDescriptor socket;
  int reason = 0;     ///< errno, when the socket is not open and the system is to blame
  std::string words;  ///< of what went wrong
};

Opened open_one(const Listener::Place& place) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int status =
      getaddrinfo(place.host.c_str(), std::to_string(place.port).c_str(), &hints, &found);
  if (status != 0) return {{}, 0, gai_strerror(status)};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> holder(found, &freeaddrinfo);
  Opened opened{listen_at(*found, place.backlog), 0, {}};
  if (opened.socket.is_open()) return opened;
  opened.reason = errno;
  opened.words = std::generic_category().message(opened.reason);
  return opened;
}

std::vector<FileDescriptor> only(FileDescriptor socket) {
  std::vector<FileDescriptor> sockets;
  sockets.push_back(std::move(socket));
  return sockets;
}

/// Both loopback addresses. When any port will do, the one that the system gives for the first may
/// be taken on the second; then it is asked for another.
Result<std::vector<FileDescriptor>> open_loopback(const Listener::Place& place) {
  for (int tries = 1;; ++tries) {
    Opened v4 = open_one({"127.0.0.1", place.port, place.backlog});
    if (!v4.socket.is_open()) return failure(place, v4.words);
    Opened v6 = open_one({"::1", Listener::port_of(v4.socket), place.backlog});
    auto sockets = only(std::move(v4.socket));
    if (v6.socket.is_open()) sockets.push_back(std::move(v6.socket));
    const bool has_no_ipv6 = v6.reason == EAFNOSUPPORT || v6.reason == EADDRNOTAVAIL;
    if (sockets.size() == 2 || has_no_ipv6) return sockets;
    const bool is_luck = place.port == 0 && v6.reason == EADDRINUSE && tries < kPortTries;
    if (!is_luck) return failure(place, v6.words);
  }
}

IpAddress ip_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes =
      address.ss_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr)
          : &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  if (!inet_ntop(address.ss_family, bytes, text.data(), text.size())) return {};
  return IpAddress::parse(text.data()).value_or(IpAddress());
}

}  // namespace

Result<std::vector<FileDescriptor>> Listener::open(const Place& place) {
  if (place.host == "localhost") return open_loopback(place);
  Opened opened = open_one(place);
  if (opened.reason == EAFNOSUPPORT && place.host == "::") {  // a machine without IPv6
    opened = open_one({"0.0.0.0", place.port, place.backlog});
  }
  if (!opened.socket.is_open()) return failure(place, opened.words);
  return only(std::move(opened.socket));
}

std::uint16_t Listener::port_of(const FileDescriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                   : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

Listener::Listener(EventLoop& loop, FileDescriptor socket, Accept accept)
    : loop_(loop), socket_(std::move(socket)), accept_(std::move(accept)) {}

Result<void> Listener::start() {
  return loop_.watch(socket_.get(), EPOLLIN, *this);
}

void Listener::close() {
  socket_.reset();
}

void Listener::on_ready(std::uint32_t) {
  for (int i = 0; i < kAcceptsInARow && socket_.is_open(); ++i) {
    if (!accept_one()) return;
  }
}

void Listener::on_due(TimePoint) {
  if (socket_.is_open()) loop_.change(socket_.get(), EPOLLIN, *this);
}

/// False when nobody waits, or nobody can be let in.
bool Listener::accept_one() {
  if (loop_.connections().is_used_up() && !loop_.table().has_crowd()) {
    pause();
    return false;
  }
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  FileDescriptor fd(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd.is_open()) {
    accept_(std::move(fd), ip_of(address));
    return true;
  }
  const int reason = errno;
  if (reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM) {
    if (!is_awaited()) return false;  // the system asks for a descriptor first
    if (loop_.table().evict_newest(/*count=*/1)) return true;
    pause();
  }
  return reason == EINTR || reason == ECONNABORTED || reason == EPROTO;
}

/// Whether somebody waits to be accepted.
bool Listener::is_awaited() const {
  pollfd entry{socket_.get(), POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

void Listener::pause() {
  loop_.change(socket_.get(), /*events=*/0, *this);
  loop_.schedule(*this, loop_.clock().now() + kPause);
}

}  // namespace spreadable::detail
