// services/http/detail/byte_stream.h: the two directions of one connection.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "core/clock.h"
#include "services/http/detail/file_descriptor.h"

namespace spreadable::detail {

/// Bytes in and out, without ever blocking. What lies between the bytes and the socket (nothing, or
/// TLS) is the implementation's, so reading may need the socket to become writable and the other
/// way round: after a step that could not go on, `wait` says for which event. Used by one thread at
/// a time, except for break_off().
class ByteStream {
 public:
  enum class Wait {
    none,      ///< go on: there may be more
    readable,  ///< nothing more until the socket is readable
    writable,  ///< nothing more until the socket is writable
    closed,    ///< the other side has ended, or the connection broke
  };
  struct Step {
    std::size_t bytes = 0;  ///< done in this step, whatever `wait` says
    Wait wait = Wait::none;
  };

  virtual ~ByteStream() = default;

  [[nodiscard]] virtual Step read(std::span<char> into) = 0;
  [[nodiscard]] virtual Step write(std::string_view bytes) = 0;
  /// Tells the other side that nothing more comes from here; reading goes on.
  virtual void end_writing() = 0;

  /// Whether the bytes travel encrypted.
  [[nodiscard]] virtual bool is_tls() const = 0;

  /// To be watched; the stream keeps it.
  [[nodiscard]] virtual int descriptor() const = 0;
  /// Ends both directions without closing the descriptor, so that a thread waiting for it wakes.
  /// Thread-safe.
  void break_off();
  /// Blocks until the socket is ready for `wait`, or `deadline` has passed; then it is false.
  [[nodiscard]] bool wait_for(Wait wait, Deadline deadline, const Clock& clock) const;
};

/// A bare TCP socket, set to non-blocking.
class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(FileDescriptor socket) : socket_(std::move(socket)) {}

  [[nodiscard]] Step read(std::span<char> into) override;
  [[nodiscard]] Step write(std::string_view bytes) override;
  void end_writing() override;
  [[nodiscard]] bool is_tls() const override { return false; }
  [[nodiscard]] int descriptor() const override { return socket_.get(); }

 private:
  const FileDescriptor socket_;
};

/// Puts a stream on an accepted socket; nullptr when memory is short, and the socket is closed.
using StreamFactory = std::function<std::unique_ptr<ByteStream>(FileDescriptor socket)>;

/// Bare TCP.
[[nodiscard]] StreamFactory socket_streams();

}  // namespace spreadable::detail
