// tests/support/raw_connection.h: a client whose every byte the test decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"

namespace spreadable {

/// A response as it came over the wire.
struct RawResponse {
  int status = 0;
  Headers headers;
  std::string body;

  /// The field's value, or an empty text.
  [[nodiscard]] std::string field(std::string_view name) const {
    const std::string* value = headers.find(name);
    return value ? *value : std::string();
  }
};

/// A TCP connection to a loopback port. Blocking; reading gives up after `patience`.
class RawConnection {
 public:
  static constexpr Millis kPatience{10'000};

  /// Connects to 127.0.0.1, or to ::1. Ends the test when that fails, unless it is asked for with
  /// try_connect.
  explicit RawConnection(std::uint16_t port, bool is_ipv6 = false);
  [[nodiscard]] static std::optional<RawConnection> try_connect(std::uint16_t port,
                                                                bool is_ipv6 = false);
  ~RawConnection();
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&&) = delete;

  void send(std::string_view bytes);
  /// Nothing more comes from here; reading goes on.
  void end_writing();
  /// The next response; nullopt when the connection ends first or patience does. Bytes that follow
  /// wait for the next call. With `is_head` no body is expected.
  [[nodiscard]] std::optional<RawResponse> receive(bool is_head = false);
  [[nodiscard]] std::optional<RawResponse> request(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  /// Whether the other side ends the connection within `patience`; drops what comes before.
  [[nodiscard]] bool is_ended(Millis patience = kPatience);

 private:
  explicit RawConnection(int fd) : fd_(fd) {}
  [[nodiscard]] bool read_more(Millis patience);

  int fd_;
  std::string input_;
};

}  // namespace spreadable
