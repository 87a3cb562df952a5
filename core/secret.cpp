#include "core/secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>  // structure-ok: a function without state; SecretSource is the port

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

#include "core/assert.h"

namespace spreadable {

std::string secret_bytes(std::size_t count) {
  constexpr std::size_t kAtOnceMax = 256;  // POSIX's GETENTROPY_MAX
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; i += kAtOnceMax) {
    if (::getentropy(bytes.data() + i, std::min(count - i, kAtOnceMax)) != 0) {
      throw std::system_error(errno, std::generic_category(), "The system has no random bytes");
    }
  }
  return bytes;
}

std::string SystemSecrets::bytes(std::size_t count) {
  return secret_bytes(count);
}

std::size_t secret_below(std::size_t bound) {
  SPREADABLE_ASSERT(bound > 0);
  // What lies above the last whole multiple of bound would favour small numbers.
  const std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t fair = max - max % bound;
  for (;;) {
    std::uint64_t number = 0;
    std::memcpy(&number, secret_bytes(sizeof number).data(), sizeof number);
    if (number < fair) return number % bound;
  }
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string code(32, '\0');
  unsigned size = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          reinterpret_cast<unsigned char*>(code.data()), &size);
  SPREADABLE_ASSERT(made != nullptr && size == code.size());
  return code;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other));
  }
  return difference == 0;
}

}  // namespace spreadable
