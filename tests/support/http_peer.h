// tests/support/http_peer.h: a peer whose every byte the test decides.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/address.h"
#include "core/http.h"
#include "core/mutex.h"

namespace spreadable {

/// A small HTTP/1.1 responder on a free loopback port, with a thread per connection. Connections
/// are kept alive. The handler runs on those threads, several at a time, and may block; the
/// destructor closes all connections and waits for the handlers under way.
class HttpPeer {
 public:
  struct Answer {
    HttpResponse response;
    std::optional<std::string> raw;  ///< sent as it stands, instead of `response`
    bool hangs = false;   ///< sends nothing and holds the connection until the other side closes it
    bool closes = false;  ///< closes the connection after what was sent
  };
  using Handler = std::function<Answer(const HttpRequest&)>;

  /// An answer with status 200 and `body`.
  [[nodiscard]] static Answer ok(std::string body);
  [[nodiscard]] static Answer raw(std::string bytes, bool closes);
  [[nodiscard]] static Answer hang();

  explicit HttpPeer(Handler handler);
  ~HttpPeer();
  HttpPeer(const HttpPeer&) = delete;
  HttpPeer& operator=(const HttpPeer&) = delete;

  /// `localhost:port`
  [[nodiscard]] Address address() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// Requests received so far.
  [[nodiscard]] std::size_t requests() const { return requests_; }
  /// Connections accepted so far.
  [[nodiscard]] std::size_t accepted() const { return accepted_; }
  /// Connections open now, as this side sees it.
  [[nodiscard]] std::size_t open() const;
  /// Closes every connection, as a restarted peer does, and waits until they are closed.
  void close_connections();

 private:
  void accept_loop();
  void serve(int fd);
  /// False once the connection is to be closed.
  [[nodiscard]] bool answer_one(int fd, std::string& input);

  const Handler handler_;
  int listen_fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> requests_ = 0;
  std::atomic<std::size_t> accepted_ = 0;

  mutable Mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::set<int> fds_ SPREADABLE_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ SPREADABLE_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

/// A port whose connections are taken up by the kernel and never answered, as those of a stopped
/// process are.
class SilentPeer {
 public:
  SilentPeer();
  ~SilentPeer();
  SilentPeer(const SilentPeer&) = delete;
  SilentPeer& operator=(const SilentPeer&) = delete;

  [[nodiscard]] Address address() const;

 private:
  int listen_fd_ = -1;
  std::uint16_t port_ = 0;
};

/// A loopback address on which nobody listens.
[[nodiscard]] Address refused_address();

}  // namespace spreadable
