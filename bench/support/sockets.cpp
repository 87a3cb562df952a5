#include "bench/support/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

#include "core/ascii.h"

namespace spreadable::bench {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;

std::system_error failure(const char* call) {
  return {errno, std::generic_category(), call};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_option(const Descriptor& socket, int level, int name) {
  const int on = 1;
  if (::setsockopt(socket.get(), level, name, &on, sizeof on) != 0) throw failure("setsockopt");
}

/// The value of the field `name` in a head, whatever the case of its name; empty when it is
/// missing.
std::string_view field_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && ascii::is_same_word(line.substr(0, colon), name)) {
      return ascii::trim(line.substr(colon + 1));
    }
    head.remove_prefix(end + 2);
  }
  return {};
}

std::size_t body_bytes(std::string_view head) {
  const std::string_view text = field_of(head, "content-length");
  if (text.empty()) {
    if (field_of(head, "transfer-encoding").empty()) return 0;
    throw std::runtime_error("a message without Content-Length can't be measured");
  }
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error("not a length: " + std::string(text));
  }
  return bytes;
}

}  // namespace

Descriptor listen_on(std::uint16_t port) {
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!listener.is_open()) throw failure("socket");
  set_option(listener, SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in address = loopback(port);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw failure("bind");
  }
  if (::listen(listener.get(), SOMAXCONN) != 0) throw failure("listen");
  return listener;
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw failure("getsockname");
  }
  return ntohs(address.sin_port);
}

Descriptor accept_from(const Descriptor& listener) {
  Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) {
    if (errno == EAGAIN || errno == ECONNABORTED) return socket;
    throw failure("accept4");
  }
  set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  return socket;
}

Descriptor connect_to(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) throw failure("socket");
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw failure("connect");
  }
  set_option(socket, IPPROTO_TCP, TCP_NODELAY);
  return socket;
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw failure("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw failure("setrlimit");
}

bool Stream::receive() {
  std::array<char, kReadBytes> buffer;  // not of each thread, since nodes are measured that link it
  const ssize_t bytes = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (bytes < 0) return errno == EAGAIN || errno == EINTR;
  input_.append(buffer.data(), static_cast<std::size_t>(bytes));
  return bytes > 0;
}

void Stream::consume(std::size_t bytes) {
  consumed_ += bytes;
  if (consumed_ < input_.size()) return;
  input_.clear();
  consumed_ = 0;
}

bool Stream::flush() {
  while (has_output()) {
    const ssize_t bytes = ::send(socket_.get(), output_.data() + sent_, output_.size() - sent_,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (bytes < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(bytes);
  }
  output_.clear();
  sent_ = 0;
  return true;
}

std::optional<HttpMessage> first_message(std::string_view bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t end = bytes.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t head_bytes = end + kEnd.size();
  const std::size_t length = body_bytes(bytes.substr(0, head_bytes));
  if (bytes.size() - head_bytes < length) return std::nullopt;
  return HttpMessage{bytes.substr(0, head_bytes), bytes.substr(head_bytes, length)};
}

}  // namespace spreadable::bench
