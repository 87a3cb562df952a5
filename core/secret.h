// core/secret.h: chance that nobody may foresee, and comparing without telling how far it went.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spreadable {

/// Where a node's keys and promises come from. Unlike Random it must not be foreseen by others; in
/// a simulation it follows from the seed all the same, so that a run can be repeated. Thread-safe.
class SecretSource {
 public:
  virtual ~SecretSource() = default;
  /// `count` bytes. Throws std::runtime_error when there are none to give.
  [[nodiscard]] virtual std::string bytes(std::size_t count) = 0;
};

/// Secrets in earnest: secret_bytes().
class SystemSecrets final : public SecretSource {
 public:
  [[nodiscard]] std::string bytes(std::size_t count) override;
};

/// `count` bytes from the operating system's generator (getentropy, of POSIX.1-2024). Not from
/// OpenSSL's: a node that needs nothing else of OpenSSL leaves 2 MiB of it untouched.
/// Throws std::system_error when it has none to give.
[[nodiscard]] std::string secret_bytes(std::size_t count);

/// Uniform over 0 … bound - 1, from the same source. Requires: bound > 0.
[[nodiscard]] std::size_t secret_below(std::size_t bound);

/// The 32 bytes of HMAC-SHA256 of `text`, which only who has `key` can make. Source: RFC 2104.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);

/// Whether two secrets are equal, in a time that depends on their lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace spreadable
