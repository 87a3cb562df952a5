#include "core/introduction.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/base64.h"
#include "core/secret.h"

namespace spreadable {
namespace {

constexpr std::string_view kAsking = "ask";
constexpr std::string_view kAnswering = "answer";
constexpr std::size_t kNonceBytes = 24;  // a multiple of three, so that base64 does not pad it

std::string_view nonce_of(std::string_view question) {
  return question.substr(0, question.find(' '));
}

}  // namespace

Introduction::Introduction(Options options) : options_(std::move(options)) {}

const std::array<unsigned char, 32>& Introduction::key() const {
  std::call_once(key_made_, [&] {
    const std::string salt = "spreadable introduction " + options_.username;
    const int is_made = PKCS5_PBKDF2_HMAC(
        options_.password.data(), static_cast<int>(options_.password.size()),
        reinterpret_cast<const unsigned char*>(salt.data()), static_cast<int>(salt.size()), kRounds,
        EVP_sha256(), static_cast<int>(key_.size()), key_.data());
    SPREADABLE_ASSERT(is_made == 1);
  });
  return key_;
}

/// What only somebody who knows the credentials can write. No part holds a line break: addresses
/// and header values have none.
std::string Introduction::mark(std::string_view role, std::string_view nonce, const Address& asker,
                               const Address& asked) const {
  std::string text(role);
  for (const std::string_view part :
       {nonce, std::string_view(asker.text()), std::string_view(asked.text())}) {
    text += '\n';
    text += part;
  }
  const auto& secret = key();
  return base64_encode(
      hmac_sha256({reinterpret_cast<const char*>(secret.data()), secret.size()}, text));
}

Introduction::Question Introduction::ask(const Address& to) const {
  const std::string nonce = base64_encode(secret_bytes(kNonceBytes));
  return {to, nonce + ' ' + mark(kAsking, nonce, options_.self, to)};
}

std::optional<std::string> Introduction::answer(std::string_view asker,
                                                std::string_view question) const {
  const Result<Address> address = Address::parse(asker);
  const std::string_view nonce = nonce_of(question);
  if (!address || question.size() <= nonce.size()) return std::nullopt;
  const std::string expected = mark(kAsking, nonce, *address, options_.self);
  if (!equal_in_constant_time(question.substr(nonce.size() + 1), expected)) return std::nullopt;
  return mark(kAnswering, nonce, *address, options_.self);
}

bool Introduction::is_right(const Question& question, std::string_view answer) const {
  return equal_in_constant_time(
      answer, mark(kAnswering, nonce_of(question.text), options_.self, question.to));
}

void Acquaintances::add(const Address& address, TimePoint now) {
  const MutexLock lock(mutex_);
  if (proved_at_.size() >= kEntriesMax && !proved_at_.contains(address)) {
    const auto first = std::min_element(
        proved_at_.begin(), proved_at_.end(),
        [](const auto& left, const auto& right) { return left.second < right.second; });
    proved_at_.erase(first);
  }
  proved_at_[address] = now;
}

bool Acquaintances::has(const Address& address, TimePoint now) const {
  if (std::find(named_.begin(), named_.end(), address) != named_.end()) return true;
  const MutexLock lock(mutex_);
  const auto proved = proved_at_.find(address);
  return proved != proved_at_.end() && now - proved->second < lifetime_;
}

}  // namespace spreadable
