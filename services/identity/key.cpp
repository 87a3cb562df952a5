#include "services/identity/key.h"

#include <openssl/evp.h>

#include <mutex>
#include <utility>

#include "core/assert.h"
#include "core/base64.h"
#include "core/secret.h"

namespace spreadable {
namespace {

constexpr std::size_t kSignatureBytes = 64;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

/// `text` decoded, if it is the one way to write that many bytes as base64.
std::optional<std::string> decode(std::string_view text, std::size_t size) {
  auto bytes = base64_decode(text);
  if (!bytes || bytes->size() != size || base64_encode(*bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace

std::optional<PublicKey> PublicKey::parse(std::string_view text) {
  auto bytes = decode(text, kBytes);
  if (!bytes) return std::nullopt;
  return PublicKey(std::move(*bytes));
}

PublicKey PublicKey::from_bytes(std::string bytes) {
  SPREADABLE_ASSERT(bytes.size() == kBytes);
  return PublicKey(std::move(bytes));
}

std::string PublicKey::text() const {
  return base64_encode(bytes_);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const auto bytes = decode(signature, kSignatureBytes);
  if (!bytes) return false;
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes_), bytes_.size()));
  const Context context(EVP_MD_CTX_new());
  return key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(*bytes), bytes->size(), bytes_of(message),
                          message.size()) == 1;
}

/// What OpenSSL makes of the seed.
struct PrivateKey::Pair {
  void make(const std::string& seed) {
    key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
    SPREADABLE_ASSERT(key);  // any 32 bytes make one
    std::string bytes(PublicKey::kBytes, '\0');
    std::size_t size = bytes.size();
    SPREADABLE_ASSERT(EVP_PKEY_get_raw_public_key(key.get(), bytes_of(bytes), &size) == 1);
    public_key = PublicKey::from_bytes(std::move(bytes));
  }

  std::once_flag is_made;
  Key key;
  std::optional<PublicKey> public_key;
};

PrivateKey::PrivateKey(std::string seed)
    : seed_(std::move(seed)), pair_(std::make_shared<Pair>()) {}

const PrivateKey::Pair& PrivateKey::pair() const {
  std::call_once(pair_->is_made, [&] { pair_->make(seed_); });
  return *pair_;
}

PrivateKey PrivateKey::generate() {
  SystemSecrets secrets;
  return generate(secrets);
}

PrivateKey PrivateKey::generate(SecretSource& secrets) {
  return PrivateKey(secrets.bytes(PublicKey::kBytes));
}

std::optional<PrivateKey> PrivateKey::parse(std::string_view text) {
  auto seed = decode(text, PublicKey::kBytes);
  if (!seed) return std::nullopt;
  return PrivateKey(std::move(*seed));
}

const PublicKey& PrivateKey::public_key() const {
  return *pair().public_key;
}

std::string PrivateKey::secret_text() const {
  return base64_encode(seed_);
}

std::string PrivateKey::sign(std::string_view message) const {
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  EVP_PKEY* const key = pair().key.get();
  const Context context(EVP_MD_CTX_new());
  const bool is_signed = context &&
                         EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                         EVP_DigestSign(context.get(), bytes_of(signature), &size,
                                        bytes_of(message), message.size()) == 1;
  SPREADABLE_ASSERT(is_signed && size == kSignatureBytes);  // OpenSSL is out of memory at worst
  return base64_encode(signature);
}

}  // namespace spreadable
