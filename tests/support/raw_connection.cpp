#include "tests/support/raw_connection.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace spreadable {
namespace {

int connect_to(std::uint16_t port, bool is_ipv6) {
  const int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  const int status = is_ipv6 ? connect(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof(v6))
                             : connect(fd, reinterpret_cast<const sockaddr*>(&v4), sizeof(v4));
  if (status == 0) return fd;
  close(fd);
  return -1;
}

RawResponse parse_head(std::string_view head) {
  RawResponse response;
  response.status = std::stoi(std::string(head.substr(9, 3)));
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(": ");
    response.headers.add(line.substr(0, colon), line.substr(colon + 2));
    head.remove_prefix(line.size() + 2);
  }
  return response;
}

}  // namespace

RawConnection::RawConnection(int fd) : fd_(fd) {}

RawConnection::RawConnection(std::uint16_t port, bool is_ipv6) : fd_(connect_to(port, is_ipv6)) {
  REQUIRE(fd_ >= 0);
}

RawConnection::RawConnection(std::uint16_t port, const TlsClient::Options& options)
    : RawConnection(port) {
  tls_ = std::make_unique<TlsClient>(options);
  send_bare(tls_->take_output());
  while (tls_->state() == TlsClient::State::shaking_hands) {
    const std::string encrypted = read_bare(kPatience);
    if (encrypted.empty()) return;
    pass_on(encrypted);
  }
}

std::optional<RawConnection> RawConnection::try_connect(std::uint16_t port, bool is_ipv6) {
  const int fd = connect_to(port, is_ipv6);
  if (fd < 0) return std::nullopt;
  return RawConnection(fd);
}

RawConnection::~RawConnection() {
  if (fd_ >= 0) close(fd_);
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      tls_(std::move(other.tls_)),
      input_(std::move(other.input_)) {}

void RawConnection::send(std::string_view bytes) {
  if (!tls_) return send_bare(bytes);
  if (tls_->state() != TlsClient::State::open) return;
  tls_->write(bytes);
  send_bare(tls_->take_output());
}

void RawConnection::send_bare(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) return;  // what the server has to say is still to be read
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void RawConnection::end_writing() {
  if (tls_ && tls_->state() == TlsClient::State::open) {
    tls_->end_writing();
    send_bare(tls_->take_output());
  }
  shutdown(fd_, SHUT_WR);
}

std::optional<RawResponse> RawConnection::receive(bool is_head) {
  std::size_t head_end = 0;
  while ((head_end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(kPatience)) return std::nullopt;
  }
  RawResponse response = parse_head(std::string_view(input_).substr(0, head_end + 2));
  input_.erase(0, head_end + 4);
  const std::string length = response.field("content-length");
  const std::size_t body_bytes = is_head || length.empty() ? 0 : std::stoul(length);
  while (input_.size() < body_bytes) {
    if (!read_more(kPatience)) return std::nullopt;
  }
  response.body = input_.substr(0, body_bytes);
  input_.erase(0, body_bytes);
  return response;
}

bool RawConnection::is_ended(Millis patience) {
  while (read_more(patience)) input_.clear();
  if (tls_ && tls_->state() != TlsClient::State::open) return true;
  pollfd entry{fd_, POLLIN, 0};
  std::array<char, 1> byte;
  return poll(&entry, 1, 0) == 1 && recv(fd_, byte.data(), byte.size(), 0) <= 0;
}

bool RawConnection::read_more(Millis patience) {
  if (!tls_) {
    const std::string bytes = read_bare(patience);
    input_ += bytes;
    return !bytes.empty();
  }
  // Bytes of TLS's own, such as session tickets, are no input.
  for (std::string plain = tls_->take_input();; plain = tls_->take_input()) {
    input_ += plain;
    if (!plain.empty()) return true;
    if (tls_->state() != TlsClient::State::open) return false;
    const std::string encrypted = read_bare(patience);
    if (encrypted.empty()) return false;
    pass_on(encrypted);
  }
}

std::string RawConnection::read_bare(Millis patience) {
  pollfd entry{fd_, POLLIN, 0};
  if (poll(&entry, 1, static_cast<int>(patience.count())) != 1) return {};
  std::array<char, 65'536> buffer;
  const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
  return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void RawConnection::exchange_tls() {
  send_bare(tls_->take_output());
  const std::string encrypted = read_bare(kPatience);
  if (!encrypted.empty()) pass_on(encrypted);
}

int RawConnection::release() {
  return std::exchange(fd_, -1);
}

void RawConnection::pass_on(std::string_view encrypted) {
  tls_->feed(encrypted);
  send_bare(tls_->take_output());
}

}  // namespace spreadable
