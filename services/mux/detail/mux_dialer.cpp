#include "services/mux/detail/mux_dialer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
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

/// Whether the connection is made, or being made.
bool connect_to(int fd, const IpAddress& ip, std::uint16_t port) {
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
  return ::connect(fd, address, size) == 0 || errno == EINPROGRESS;
}

std::string request_to(const Address& peer) {
  return "GET / HTTP/1.1\r\nHost: " + peer.text() +
         "\r\nConnection: Upgrade\r\nUpgrade: " + std::string(kMuxProtocol) + "\r\n\r\n";
}

}  // namespace

MuxDialer::MuxDialer(EventLoop& loop, const Address& peer, Done done)
    : loop_(loop), done_(std::move(done)), request_(request_to(peer)) {}

MuxDialer* MuxDialer::dial(EventLoop& loop, const Target& target, Done done) {
  std::unique_ptr<MuxDialer> dialer(new MuxDialer(loop, target.peer, std::move(done)));
  if (!dialer->begin(target.ip, target.peer.port())) {
    dialer->done_(nullptr);
    return nullptr;
  }
  loop.schedule(*dialer, loop.clock().now() + kTimeout);
  return dialer.release();
}

bool MuxDialer::begin(const IpAddress& ip, std::uint16_t port) {
  FileDescriptor fd = open_socket(ip);
  if (!fd.is_open() || !connect_to(fd.get(), ip, port)) return false;
  stream_ = std::make_unique<SocketStream>(std::move(fd));
  return loop_.watch(stream_->descriptor(), kEvents, *this).has_value();
}

void MuxDialer::on_ready(std::uint32_t events) {
  if (!stream_) return;
  if (events & (EPOLLERR | EPOLLHUP)) return finish(/*is_agreed=*/false);
  if (!is_asked_ && (events & EPOLLOUT)) {
    is_asked_ = true;
    // Too short to find no room on a new connection.
    if (stream_->write(request_).bytes != request_.size()) return finish(/*is_agreed=*/false);
  }
  read_answer();
}

void MuxDialer::read_answer() {
  std::array<char, 1'024> buffer;
  for (;;) {
    const ByteStream::Step step = stream_->read(buffer);
    answer_.append(buffer.data(), step.bytes);
    if (answer_.size() > kAnswerBytesMax || step.wait == ByteStream::Wait::closed) {
      return finish(/*is_agreed=*/false);
    }
    if (step.wait != ByteStream::Wait::none) break;
  }
  const auto head_end = answer_.find(kHeadEnd);
  if (head_end == std::string::npos) return;
  // Frames come only after we have sent one, so nothing follows the head.
  const bool is_whole = head_end + kHeadEnd.size() == answer_.size();
  finish(is_whole && answer_.starts_with("HTTP/1.1 101 ") &&
         answer_.find(kMuxProtocol) != std::string::npos);
}

void MuxDialer::on_due(TimePoint) {
  finish(/*is_agreed=*/false);
}

void MuxDialer::finish(bool is_agreed) {
  loop_.dispose(std::unique_ptr<EventLoop::Source>(this));
  std::unique_ptr<SocketStream> stream = std::move(stream_);
  if (!is_agreed) stream.reset();
  done_(std::move(stream));
}

}  // namespace spreadable::detail
