// services/identity/key.h: Ed25519 keys (RFC 8032): who has the private one can sign, who has the
// public one can check.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/secret.h"

namespace spreadable {

/// A public key; a value. Equal keys have equal texts.
class PublicKey {
 public:
  static constexpr std::size_t kBytes = 32;

  /// From text(); nothing for anything else.
  [[nodiscard]] static std::optional<PublicKey> parse(std::string_view text);
  /// Requires: kBytes bytes.
  [[nodiscard]] static PublicKey from_bytes(std::string bytes);

  /// The key as base64, 44 characters.
  [[nodiscard]] std::string text() const;
  /// Whether `signature`, as base64, is that of `message` by the private key to this one. About
  /// 0.1 ms of CPU.
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  explicit PublicKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

/// A private key; a value of 32 bytes. Keep it out of logs and answers. Thread-safe.
class PrivateKey {
 public:
  /// A new one from SystemSecrets.
  [[nodiscard]] static PrivateKey generate();
  /// A new one from the bytes of `secrets`.
  [[nodiscard]] static PrivateKey generate(SecretSource& secrets);
  /// From secret_text(); nothing for anything else.
  [[nodiscard]] static std::optional<PrivateKey> parse(std::string_view text);

  /// What it is made from, as base64, to be stored.
  [[nodiscard]] std::string secret_text() const;
  /// Derived when it or a signature is first asked for: a node that proves nothing to anybody needs
  /// none, nor the 2 MiB of OpenSSL that this takes a process.
  [[nodiscard]] const PublicKey& public_key() const;
  /// The signature of `message` as base64, 88 characters. About 0.05 ms of CPU.
  [[nodiscard]] std::string sign(std::string_view message) const;

 private:
  struct Pair;

  explicit PrivateKey(std::string seed);
  [[nodiscard]] const Pair& pair() const;

  std::string seed_;
  std::shared_ptr<Pair> pair_;  ///< copies of a key share it
};

}  // namespace spreadable
