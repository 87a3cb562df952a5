// services/http/detail/listener.h: a port, and the connections that come to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/ip.h"
#include "core/result.h"
#include "services/http/detail/file_descriptor.h"
#include "services/http/event_loop.h"

namespace spreadable::detail {

/// Accepts connections on the loop. When the process is out of descriptors, or the loop out of
/// connections, and nobody's neighbourhood has several that could make room, it rests for kPause
/// and leaves newcomers to the kernel's backlog. Of the loop's thread, except for open().
class Listener final : public EventLoop::Source {
 public:
  using Accept = std::function<void(FileDescriptor socket, IpAddress remote)>;
  /// Long enough not to spin, short enough that a newcomer hardly notices.
  static constexpr Millis kPause{50};

  struct Place {
    std::string host;  ///< as Server::Listen has it
    std::uint16_t port = 0;
    int backlog = 0;
  };
  /// The listening sockets for `place`, all on one port. May look `host` up, so it may block.
  /// Errc::io naming the place.
  [[nodiscard]] static Result<std::vector<FileDescriptor>> open(const Place& place);
  /// The port that `socket` is bound to.
  [[nodiscard]] static std::uint16_t port_of(const FileDescriptor& socket);

  /// `accept` may find loop.connections() used up; it closes the socket then, or makes room.
  Listener(EventLoop& loop, FileDescriptor socket, Accept accept);

  [[nodiscard]] Result<void> start();
  /// Connections still in the backlog are refused.
  void close();

  void on_ready(std::uint32_t events) override;
  void on_due(TimePoint now) override;

 private:
  [[nodiscard]] bool accept_one();
  [[nodiscard]] bool is_awaited() const;
  void pause();

  EventLoop& loop_;
  FileDescriptor socket_;
  const Accept accept_;
};

}  // namespace spreadable::detail
