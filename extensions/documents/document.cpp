#include "extensions/documents/document.h"

#include <openssl/evp.h>

#include <array>

#include "core/assert.h"
#include "extensions/documents/detail/javascript.h"

namespace spreadable::documents {
namespace {

constexpr std::size_t kContentDigestBytes = 16;

using Sha256 = std::array<unsigned char, 32>;

struct DigestContext {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  ~DigestContext() { EVP_MD_CTX_free(context); }
};

std::string sha256(std::initializer_list<std::string_view> parts) {
  // Looking the algorithm up takes longer than a short text does.
  static EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const DigestContext kContext;
  EVP_MD_CTX* const context = kContext.context;
  Sha256 digest{};
  unsigned size = 0;
  bool is_done = EVP_DigestInit_ex2(context, kAlgorithm, nullptr) == 1;
  for (const std::string_view part : parts) {
    is_done = is_done && EVP_DigestUpdate(context, part.data(), part.size()) == 1;
  }
  is_done = is_done && EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
  SPREADABLE_ASSERT(is_done && size == digest.size());
  return {digest.begin(), digest.end()};
}

}  // namespace

std::string key_text(const Json& key) {
  SPREADABLE_ASSERT(key.is_string() || key.is_number());
  return detail::text_of(detail::Value::of(key), detail::kAnyLength);
}

std::string content_digest(std::string_view key, std::string_view fields_text) {
  // The length keeps bytes from moving between the two parts.
  const std::string length = std::to_string(key.size()) + ':';
  return sha256({length, key, fields_text}).substr(0, kContentDigestBytes);
}

std::string owner_digest(std::string_view token) {
  return token.empty() ? std::string() : sha256({token});
}

std::uint64_t estimated_bytes(const Json& document) {
  return dump_json(document).size();
}

}  // namespace spreadable::documents
