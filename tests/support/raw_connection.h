// tests/support/raw_connection.h: a client whose every byte the test decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"
#include "tests/support/tls_client.h"

namespace spreadable {

/// A response as it came over the wire.
struct RawResponse {
  int status = 0;
  Headers headers;
  std::string body;

  /// The field's value, or an empty text.
  [[nodiscard]] std::string field(std::string_view name) const {
    return std::string(headers.find(name).value_or(""));
  }
};

/// A TCP connection to a loopback port, bare or with TLS on it. Blocking; reading gives up after
/// `patience`.
class RawConnection {
 public:
  static constexpr Millis kPatience{10'000};

  /// Connects to 127.0.0.1, or to ::1. Ends the test when that fails, unless it is asked for with
  /// try_connect.
  explicit RawConnection(std::uint16_t port, bool is_ipv6 = false);
  [[nodiscard]] static std::optional<RawConnection> try_connect(std::uint16_t port,
                                                                bool is_ipv6 = false);
  /// Connects to 127.0.0.1 and shakes hands, as far as the server does; see tls().
  RawConnection(std::uint16_t port, const TlsClient::Options& options);
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
  /// nullptr on a bare connection.
  [[nodiscard]] TlsClient* tls() { return tls_.get(); }
  /// Sends what tls() has to say, and hands it an answer when there is one in time.
  void exchange_tls();
  /// Some bytes as they come; empty when the connection ends or patience does.
  [[nodiscard]] std::string read_bare(Millis patience = kPatience);
  /// Gives up the socket, which is the caller's then.
  [[nodiscard]] int release();

 private:
  explicit RawConnection(int fd);
  [[nodiscard]] bool read_more(Millis patience);
  void send_bare(std::string_view bytes);
  void pass_on(std::string_view encrypted);

  int fd_;
  std::unique_ptr<TlsClient> tls_;
  std::string input_;
};

}  // namespace spreadable
