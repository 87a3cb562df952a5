#include "tests/security/ssrf_internet.h"

#include <netinet/in.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/assert.h"
#include "services/net/detail/socket_address.h"
#include "tests/security/ssrf_addresses.h"

namespace spreadable::sectest {
namespace {

std::atomic<Internet*> the_internet = nullptr;

int system_connect(int fd, const sockaddr* address, socklen_t size) {
  return static_cast<int>(::syscall(SYS_connect, fd, address, size));
}

int listening(int family, const sockaddr* name, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::bind(fd, name, size) == 0 && ::listen(fd, SOMAXCONN) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

std::uint16_t port_of(const sockaddr* address) {
  return ntohs(address->sa_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in*>(address)->sin_port
                   : reinterpret_cast<const sockaddr_in6*>(address)->sin6_port);
}

/// A socket that listens at a loopback address; any free port when `port` is 0. -1 when there is no
/// such address, or the port is taken there.
int listen_on(std::uint32_t v4, std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(v4);
  return listening(AF_INET, reinterpret_cast<sockaddr*>(&name), sizeof name);
}

int listen_on_v6(std::uint16_t port) {
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  name.sin6_addr = in6addr_loopback;
  return listening(AF_INET6, reinterpret_cast<sockaddr*>(&name), sizeof name);
}

std::uint16_t bound_port(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  SPREADABLE_ASSERT(::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0);
  return ntohs(name.sin_port);
}

}  // namespace

Internet::Internet(HttpPeer::Handler handler) : server_(std::move(handler)) {
  traps_.push_back(listen_on(INADDR_LOOPBACK, 0));
  SPREADABLE_ASSERT(traps_.front() >= 0);
  trap_port_ = bound_port(traps_.front());
  // Where one of these is not to be had, such as IPv6, the call to connect still counts.
  for (const int fd :
       {listen_on(INADDR_LOOPBACK + 1, trap_port_),
        listen_on(INADDR_LOOPBACK + 0xff'fffd, trap_port_), listen_on_v6(trap_port_)}) {
    if (fd >= 0) traps_.push_back(fd);
  }
  for (const int trap : traps_) watchers_.emplace_back([this, trap] { watch(trap); });
  the_internet = this;
}

Internet::~Internet() {
  the_internet = nullptr;
  for (const int trap : traps_) ::shutdown(trap, SHUT_RDWR);
  watchers_.clear();  // waits for them
  for (const int trap : traps_) ::close(trap);
}

void Internet::watch(int trap) {
  for (int fd = -1; (fd = ::accept4(trap, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ++trapped_) {
    ::close(fd);
  }
}

std::vector<std::string> Internet::forbidden() const {
  const MutexLock lock(mutex_);
  return forbidden_;
}

int Internet::connect(int fd, const sockaddr* address, socklen_t size) {
  const auto ip = detail::ip_of(address);
  if (!ip) return system_connect(fd, address, size);
  if (is_forbidden(*ip)) {
    {
      const MutexLock lock(mutex_);
      forbidden_.push_back(ip->text() + " port " + std::to_string(port_of(address)));
    }
    if (ip->is_loopback()) return system_connect(fd, address, size);
    errno = ECONNREFUSED;
    return -1;
  }
  ++public_connects_;
  if (address->sa_family == AF_INET) {
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(server_.port());
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return system_connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server);
  }
  errno = ENETUNREACH;  // the server has no IPv6 address, and the call is counted
  return -1;
}

}  // namespace spreadable::sectest

/// Takes the place of the C library's function for all of this program, libcurl included: the
/// linker lets what a program defines come before what its libraries bring.
extern "C" __attribute__((visibility("default"))) int connect(int fd, const sockaddr* address,
                                                              socklen_t size) {
  using spreadable::sectest::the_internet;
  if (auto* const internet = the_internet.load()) return internet->connect(fd, address, size);
  return spreadable::sectest::system_connect(fd, address, size);
}
