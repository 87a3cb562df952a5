#include "tests/support/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>

#include "core/assert.h"

namespace spreadable {
namespace {

constexpr unsigned kFirst = 10'000;  // below are the ports of well-known programs
constexpr unsigned kStride = 97;     // ports that one test program takes before it meets the next

/// The first port that the kernel gives to outgoing connections.
unsigned first_ephemeral() {
  unsigned first = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  return first;
}

template <class SocketAddress>
bool can_bind(const SocketAddress& address, int family) {
  const int file = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return errno == EAFNOSUPPORT;
  // As servers bind: connections of the past in TIME_WAIT do not count, each family for itself.
  const int yes = 1;
  ::setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (family == AF_INET6) ::setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  const int failed = ::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(file);
  return failed == 0;
}

bool is_free(std::uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_any;
  return can_bind(v4, AF_INET) && can_bind(v6, AF_INET6);
}

/// The next port to try.
std::uint16_t next_port() {
  static const unsigned kEnd = first_ephemeral();
  SPREADABLE_ASSERT(kEnd > kFirst + kStride);
  static std::atomic<unsigned> taken = 0;
  const unsigned start = static_cast<unsigned>(::getpid()) * kStride;
  return static_cast<std::uint16_t>(kFirst + (start + taken++) % (kEnd - kFirst));
}

}  // namespace

std::uint16_t free_port() {
  return free_ports(1);
}

std::uint16_t free_ports(std::size_t count) {
  std::uint16_t first = 0;
  std::size_t found = 0;
  for (unsigned tries = 0; tries < 65'536; ++tries) {
    const std::uint16_t port = next_port();
    const bool is_next = found > 0 && port == first + found;
    if (!is_free(port)) {
      found = 0;
      continue;
    }
    if (!is_next) first = port, found = 0;
    if (++found == count) return first;
  }
  SPREADABLE_ASSERT(false);
  return 0;
}

}  // namespace spreadable
