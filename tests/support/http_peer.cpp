#include "tests/support/http_peer.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "core/assert.h"

namespace spreadable {
namespace {

constexpr int kBacklog = 1024;
constexpr std::size_t kReadBytes = 65536;

struct Bound {
  int fd = -1;
  std::uint16_t port = 0;
};

Bound bind_loopback() {
  Bound bound{.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  SPREADABLE_ASSERT(bound.fd >= 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  auto* generic = reinterpret_cast<sockaddr*>(&name);
  SPREADABLE_ASSERT(::bind(bound.fd, generic, size) == 0);
  SPREADABLE_ASSERT(::getsockname(bound.fd, generic, &size) == 0);
  bound.port = ntohs(name.sin_port);
  return bound;
}

Bound listen_loopback() {
  const Bound bound = bind_loopback();
  SPREADABLE_ASSERT(::listen(bound.fd, kBacklog) == 0);
  return bound;
}

Address local_address(std::uint16_t port) {
  return *Address::from_parts("localhost", port);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Appends what the other side sends next; false at the end of the connection.
bool receive_more(int fd, std::string& input) {
  const std::size_t before = input.size();
  input.resize(before + kReadBytes);
  const ssize_t got = ::recv(fd, input.data() + before, kReadBytes, 0);
  input.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  return got > 0;
}

Method method_of(std::string_view name) {
  if (name == "GET") return Method::get;
  if (name == "HEAD") return Method::head;
  if (name == "POST") return Method::post;
  if (name == "OPTIONS") return Method::options;
  return Method::other;
}

/// Cuts the text up to `separator` off the front of `text`.
std::string_view take_until(std::string_view& text, std::string_view separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  return part;
}

HttpRequest parse_head(std::string_view head) {
  HttpRequest request;
  request.method = method_of(take_until(head, " "));
  std::string_view target = take_until(head, " ");
  request.path = take_until(target, "?");
  request.query = target;
  (void)take_until(head, "\r\n");
  while (!head.empty()) {
    std::string_view line = take_until(head, "\r\n");
    const std::string_view name = take_until(line, ":");
    while (line.starts_with(' ')) line.remove_prefix(1);
    request.headers.add(name, line);
  }
  return request;
}

std::size_t body_bytes(const HttpRequest& request) {
  std::size_t bytes = 0;
  if (const auto value = request.headers.find("content-length")) {
    std::from_chars(value->data(), value->data() + value->size(), bytes);
  }
  return bytes;
}

std::string to_bytes(const HttpResponse& response, Method method) {
  std::string bytes = "HTTP/1.1 " + std::to_string(response.status) + " Test\r\n";
  bytes += "Content-Type: " + response.content_type + "\r\n";
  for (const auto& [name, value] : response.headers) {
    bytes += std::string(name) + ": " + std::string(value) + "\r\n";
  }
  bytes += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n";
  if (method != Method::head) bytes += response.body;
  return bytes;
}

}  // namespace

HttpPeer::Answer HttpPeer::ok(std::string body) {
  Answer answer;
  answer.response.body = std::move(body);
  return answer;
}

HttpPeer::Answer HttpPeer::raw(std::string bytes, bool closes) {
  return {.raw = std::move(bytes), .closes = closes};
}

HttpPeer::Answer HttpPeer::hang() {
  return {.hangs = true};
}

HttpPeer::HttpPeer(Handler handler) : handler_(std::move(handler)) {
  const Bound bound = listen_loopback();
  listen_fd_ = bound.fd;
  port_ = bound.port;
  acceptor_ = std::thread([this] { accept_loop(); });
}

HttpPeer::~HttpPeer() {
  ::shutdown(listen_fd_, SHUT_RDWR);
  acceptor_.join();
  close_connections();
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  ::close(listen_fd_);
}

Address HttpPeer::address() const {
  return local_address(port_);
}

std::size_t HttpPeer::open() const {
  const MutexLock lock(mutex_);
  return fds_.size();
}

void HttpPeer::close_connections() {
  const MutexLock lock(mutex_);
  for (const int fd : fds_) ::shutdown(fd, SHUT_RDWR);
  while (!fds_.empty()) changed_.wait(mutex_);
}

void HttpPeer::accept_loop() {
  for (;;) {
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno == EMFILE) {
      std::this_thread::yield();  // a test may take all descriptors away for a while
      continue;
    }
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++accepted_;
    const MutexLock lock(mutex_);
    fds_.insert(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void HttpPeer::serve(int fd) {
  std::string input;
  while (answer_one(fd, input)) {
  }
  const MutexLock lock(mutex_);
  fds_.erase(fd);
  ::close(fd);
  changed_.notify_all();
}

bool HttpPeer::answer_one(int fd, std::string& input) {
  std::size_t head_end = 0;
  while ((head_end = input.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more(fd, input)) return false;
  }
  HttpRequest request = parse_head(std::string_view(input).substr(0, head_end + 2));
  const std::size_t body_at = head_end + 4;
  const std::size_t request_end = body_at + body_bytes(request);
  while (input.size() < request_end) {
    if (!receive_more(fd, input)) return false;
  }
  request.body = input.substr(body_at, request_end - body_at);
  input.erase(0, request_end);
  ++requests_;
  const Answer answer = handler_(request);
  if (answer.hangs) {
    while (receive_more(fd, input)) input.clear();
    return false;
  }
  const bool is_sent =
      send_all(fd, answer.raw ? *answer.raw : to_bytes(answer.response, request.method));
  return is_sent && !answer.closes;
}

SilentPeer::SilentPeer() {
  const Bound bound = listen_loopback();
  listen_fd_ = bound.fd;
  port_ = bound.port;
}

SilentPeer::~SilentPeer() {
  ::close(listen_fd_);
}

Address SilentPeer::address() const {
  return local_address(port_);
}

Address refused_address() {
  const Bound bound = bind_loopback();
  ::close(bound.fd);
  return local_address(bound.port);
}

}  // namespace spreadable
