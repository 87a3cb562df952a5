#include "services/approvals/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstring>
#include <limits>
#include <stdexcept>

#include "core/assert.h"

namespace spreadable {

std::string secret_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw std::runtime_error("OpenSSL has no random bytes");
  }
  return bytes;
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

bool is_same_secret(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace spreadable
