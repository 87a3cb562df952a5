// tests/security/ssrf_internet.h: an internet inside of this machine, and a guard at its door.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "core/ip.h"
#include "core/mutex.h"
#include "tests/support/http_peer.h"

namespace spreadable::sectest {

/// While it lives, every connection that this program opens by IPv4 or IPv6 passes here, at the
/// system call itself: whatever has been parsed, looked up and checked before, this is where it
/// went. One to a public address ends at a server of this process, which plays all public hosts.
/// One to a forbidden address is counted; if that is this machine, it reaches a socket that counts
/// once more, else it is refused. Connections to that server by its own port are left alone. One at
/// a time.
class Internet {
 public:
  /// Answers as the host named in the request's Host header.
  explicit Internet(HttpPeer::Handler handler);
  ~Internet();
  Internet(const Internet&) = delete;
  Internet& operator=(const Internet&) = delete;

  /// The port on which this machine listens for those who should not come, at loopback addresses.
  [[nodiscard]] std::uint16_t trap_port() const { return trap_port_; }
  [[nodiscard]] std::size_t public_connects() const { return public_connects_; }
  /// Places that connections went to and should not have.
  [[nodiscard]] std::vector<std::string> forbidden() const;
  /// Connections that have arrived at the trap.
  [[nodiscard]] std::size_t trapped() const { return trapped_; }

  /// What connect() does while this lives.
  int connect(int fd, const sockaddr* address, socklen_t size);

 private:
  void watch(int trap);

  HttpPeer server_;
  std::uint16_t trap_port_ = 0;
  std::vector<int> traps_;
  std::atomic<std::size_t> public_connects_ = 0;
  std::atomic<std::size_t> trapped_ = 0;
  mutable Mutex mutex_;
  std::vector<std::string> forbidden_ SPREADABLE_GUARDED_BY(mutex_);
  std::vector<std::jthread> watchers_;
};

}  // namespace spreadable::sectest
