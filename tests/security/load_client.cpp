#include "tests/security/load_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>

namespace spreadable::sectest {
namespace {

sockaddr_in loopback(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(ip);
  return address;
}

}  // namespace

int connect_from(const Home& home, std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const std::uint32_t ip = (std::uint32_t{127} << 24) | (std::uint32_t{home.a} << 16) |
                           (std::uint32_t{home.b} << 8) | home.c;
  const sockaddr_in from = loopback(ip, 0);
  const sockaddr_in to = loopback(INADDR_LOOPBACK, port);
  const int yes = 1;
  // The port is chosen with the destination known, so that all sources have all ports.
  (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
  const bool is_bound = bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) == 0;
  if (is_bound && (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0 ||
                   errno == EINPROGRESS)) {
    return fd;
  }
  close(fd);
  return -1;
}

double Times::quantile(double share) const {
  if (all_.empty()) return 0;
  std::vector<double> sorted = all_;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

TimedClient::~TimedClient() {
  if (fd_ >= 0) close(fd_);
}

std::optional<TimedClient::Answer> TimedClient::ask(std::string_view request) {
  const auto begin = std::chrono::steady_clock::now();
  const auto until = begin + kPatience;
  if (fd_ < 0 || !wait_for(POLLOUT, until)) return std::nullopt;
  const ssize_t sent = send(fd_, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) return std::nullopt;
  std::array<char, 65'536> buffer;
  while (response_bytes(input_) == 0) {
    if (!wait_for(POLLIN, until)) return std::nullopt;
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return std::nullopt;
    input_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const Answer answer{status_of(input_), millis_since(begin)};
  input_.erase(0, response_bytes(input_));
  return answer;
}

bool TimedClient::wait_for(short events, std::chrono::steady_clock::time_point until) const {
  const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
  pollfd entry{fd_, events, 0};
  return left.count() > 0 && poll(&entry, 1, static_cast<int>(left.count())) == 1;
}

std::size_t response_bytes(std::string_view input) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const auto end = input.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const auto field = input.substr(0, end).find(kLength);
  const std::size_t length =
      field == std::string_view::npos
          ? 0
          : std::stoul(std::string(input.substr(field + kLength.size(), 20)));
  return input.size() >= end + 4 + length ? end + 4 + length : 0;
}

int status_of(std::string_view response) {
  return std::stoi(std::string(response.substr(9, 3)));
}

double millis_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

}  // namespace spreadable::sectest
