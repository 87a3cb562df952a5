#include "services/http/detail/byte_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace spreadable::detail {
namespace {

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

void ByteStream::break_off() {
  shutdown(descriptor(), SHUT_RDWR);
}

bool ByteStream::wait_for(Wait wait, Deadline deadline, const Clock& clock) const {
  pollfd entry{descriptor(), static_cast<short>(wait == Wait::writable ? POLLOUT : POLLIN), 0};
  constexpr Millis kLongest = std::chrono::hours{1};
  for (;;) {
    const Millis left = std::chrono::ceil<Millis>(deadline.remaining(clock));
    const int count = poll(&entry, 1, static_cast<int>(std::min(left, kLongest).count()));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (deadline.has_passed(clock)) return false;
  }
}

ByteStream::Step SocketStream::read(std::span<char> into) {
  for (;;) {
    const ssize_t count = recv(socket_.get(), into.data(), into.size(), 0);
    if (count > 0) {
      const auto bytes = static_cast<std::size_t>(count);
      // Less than asked for means that the socket is empty, which saves the call that says so.
      return {bytes, bytes < into.size() ? Wait::readable : Wait::none};
    }
    if (count < 0 && errno == EINTR) continue;
    return {0, count < 0 && would_block() ? Wait::readable : Wait::closed};
  }
}

ByteStream::Step SocketStream::write(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count =
        send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {sent, would_block() ? Wait::writable : Wait::closed};
    sent += static_cast<std::size_t>(count);
  }
  return {sent, Wait::none};
}

void SocketStream::end_writing() {
  shutdown(socket_.get(), SHUT_WR);
}

StreamFactory socket_streams() {
  return [](FileDescriptor socket) { return std::make_unique<SocketStream>(std::move(socket)); };
}

}  // namespace spreadable::detail
