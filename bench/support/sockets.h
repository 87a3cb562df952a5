// bench/support/sockets.h: loopback sockets of the measuring programs.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace spreadable::bench {

/// An open file descriptor, closed at the end of its life; -1 for none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

// All of these are for 127.0.0.1, never block but for connect_to, and throw std::system_error,
// naming the call, when the system refuses.

/// A socket that listens on `port`, 0 for any that is free, with the kernel's longest backlog.
[[nodiscard]] Descriptor listen_on(std::uint16_t port = 0);
[[nodiscard]] std::uint16_t port_of(const Descriptor& listener);
/// The next connection that waits at `listener`; none when there is none.
[[nodiscard]] Descriptor accept_from(const Descriptor& listener);
[[nodiscard]] Descriptor connect_to(std::uint16_t port);
/// Raises the limit of open files of this process as far as it may.
void raise_file_limit();

/// A connection that never blocks, with what has come and what is still to go. Sends without delay.
class Stream {
 public:
  explicit Stream(Descriptor socket) : socket_(std::move(socket)) {}

  [[nodiscard]] const Descriptor& socket() const { return socket_; }

  /// Reads once. False when the other side has closed, or the connection broke.
  [[nodiscard]] bool receive();
  /// What has come and was not consumed; valid until the next receive() or consume().
  [[nodiscard]] std::string_view input() const {
    return std::string_view(input_).substr(consumed_);
  }
  void consume(std::size_t bytes);

  /// Appended to, and sent by flush().
  [[nodiscard]] std::string& output() { return output_; }
  /// Sends as much as the socket takes; has_output() tells whether some is left. False when the
  /// connection broke.
  [[nodiscard]] bool flush();
  [[nodiscard]] bool has_output() const { return sent_ < output_.size(); }

 private:
  Descriptor socket_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::string output_;
  std::size_t sent_ = 0;
};

/// One HTTP message at the head of some bytes.
struct HttpMessage {
  std::string_view head;  ///< with the empty line
  std::string_view body;
  [[nodiscard]] std::size_t size() const { return head.size() + body.size(); }
};

/// The first message of `bytes`, framed by Content-Length or without a body; nothing while it is
/// incomplete. Throws std::runtime_error for another framing.
[[nodiscard]] std::optional<HttpMessage> first_message(std::string_view bytes);

}  // namespace spreadable::bench
