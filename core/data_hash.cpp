#include "core/data_hash.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <string_view>

#include "core/assert.h"

namespace spreadable {

std::string data_hash(std::span<const std::string> parts) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  bool is_done = context && EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1;
  std::string_view separator;
  for (const std::string& part : parts) {
    is_done = is_done && EVP_DigestUpdate(context.get(), separator.data(), separator.size()) == 1 &&
              EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    separator = "+";
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  is_done = is_done && EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1;
  SPREADABLE_ASSERT(is_done);  // fails only where OpenSSL is built without MD5
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4];
    out += kDigits[digest[i] & 15];
  }
  return out;
}

}  // namespace spreadable
