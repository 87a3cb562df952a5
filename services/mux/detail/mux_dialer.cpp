#include "services/mux/detail/mux_dialer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "services/mux/frame.h"

namespace spreadable::detail {
namespace {

constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::size_t kAnswerBytesMax = 8'192;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

FileDescriptor open_socket(const IpAddress& ip) {
  const int family = ip.is_v4() ? AF_INET : AF_INET6;
  FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  // A frame is written whole, and waits for nothing.
  if (fd.is_open()) (void)::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/// 0 when the connection is made, or being made; else errno.
int connect_to(int fd, const IpAddress& ip, std::uint16_t port) {
  const auto& bytes = ip.bytes();
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  v4.sin_port = v6.sin6_port = htons(port);
  std::memcpy(&v4.sin_addr, bytes.data() + 12, sizeof v4.sin_addr);
  std::memcpy(&v6.sin6_addr, bytes.data(), sizeof v6.sin6_addr);
  const auto* address =
      ip.is_v4() ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  const socklen_t size = ip.is_v4() ? sizeof v4 : sizeof v6;
  return ::connect(fd, address, size) == 0 || errno == EINPROGRESS ? 0 : errno;
}

/// What has become of a connection that was being made: 0 or errno.
int error_of(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

std::string request_to(const Address& peer) {
  return "GET /ping HTTP/1.1\r\nHost: " + peer.text() +
         "\r\nConnection: Upgrade\r\nUpgrade: " + std::string(kMuxProtocol) + "\r\n\r\n";
}

}  // namespace

MuxDialer::MuxDialer(EventLoop& loop, Address peer, const Limits& limits, Done done)
    : loop_(loop), peer_(std::move(peer)), limits_(limits), done_(std::move(done)) {}

MuxDialer* MuxDialer::dial(EventLoop& loop, const Target& target, const Limits& limits, Done done) {
  std::unique_ptr<MuxDialer> dialer(new MuxDialer(loop, target.peer, limits, std::move(done)));
  if (auto failure = dialer->begin(target.ip)) {
    dialer->done_({.stream = {}, .failure = std::move(failure)});
    return nullptr;
  }
  loop.schedule(*dialer, loop.clock().now() + limits.connect_timeout);
  return dialer.release();
}

std::optional<Error> MuxDialer::begin(const IpAddress& ip) {
  FileDescriptor fd = open_socket(ip);
  if (!fd.is_open()) {
    return Error{Errc::overloaded, "no connection to " + peer_.text() + ": no socket is left", {}};
  }
  if (const int reason = connect_to(fd.get(), ip, peer_.port())) return no_connection(reason);
  stream_ = std::make_unique<SocketStream>(std::move(fd));
  if (auto watched = loop_.watch(stream_->descriptor(), kEvents, *this); !watched) {
    return watched.error();
  }
  return std::nullopt;
}

Error MuxDialer::no_connection(int reason) const {
  // Without a local port it is not the peer's doing.
  return {reason == EADDRNOTAVAIL ? Errc::overloaded : Errc::unreachable,
          "no connection to " + peer_.text() + ": " + std::generic_category().message(reason),
          {}};
}

void MuxDialer::on_ready(std::uint32_t events) {
  if (!stream_) return;
  if (!is_asked_) {
    if (const int reason = error_of(stream_->descriptor())) {
      return finish({.stream = {}, .failure = no_connection(reason)});
    }
    if (!(events & EPOLLOUT)) return;
    if (!ask()) return finish({});
  }
  read_answer();
}

/// The connection is made. False when it has broken already.
bool MuxDialer::ask() {
  is_asked_ = true;
  loop_.schedule(*this, loop_.clock().now() + limits_.answer_timeout);
  const std::string request = request_to(peer_);
  // Too short to find no room on a new connection.
  return stream_->write(request).bytes == request.size();
}

void MuxDialer::read_answer() {
  std::array<char, 1'024> buffer;
  for (;;) {
    const ByteStream::Step step = stream_->read(buffer);
    answer_.append(buffer.data(), step.bytes);
    if (answer_.size() > kAnswerBytesMax || step.wait == ByteStream::Wait::closed) {
      return finish({});
    }
    if (step.wait != ByteStream::Wait::none) break;
  }
  const auto head_end = answer_.find(kHeadEnd);
  if (head_end == std::string::npos) return;
  // Frames come only after we have sent one, so nothing follows the head.
  const bool is_whole = head_end + kHeadEnd.size() == answer_.size();
  const bool is_agreed = is_whole && answer_.starts_with("HTTP/1.1 101 ") &&
                         answer_.find(kMuxProtocol) != std::string::npos;
  finish({.stream = is_agreed ? std::move(stream_) : nullptr});
}

void MuxDialer::on_due(TimePoint) {
  if (is_asked_) return finish({});
  finish({.stream = {}, .failure = no_connection(ETIMEDOUT)});
}

void MuxDialer::finish(Outcome outcome) {
  loop_.dispose(std::unique_ptr<EventLoop::Source>(this));
  stream_.reset();
  done_(std::move(outcome));
}

}  // namespace spreadable::detail
