// tests/support/certificates.h: keys and certificates made for one test.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "core/server.h"

namespace spreadable {

/// A certificate authority that nobody trusts but those who are given its file. Writes PEM files
/// into a folder of the test's. Ends the test program when OpenSSL or the folder refuses.
class TestAuthority {
 public:
  /// What a certificate says. The defaults are those of a node that listens on `localhost`.
  struct Subject {
    std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";  ///< as OpenSSL writes them
    std::chrono::seconds begins_in = -std::chrono::hours{2};
    std::chrono::seconds ends_in = std::chrono::hours{2};
  };

  explicit TestAuthority(std::filesystem::path folder);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// Its own certificate: what others are told to believe.
  [[nodiscard]] const std::filesystem::path& certificate() const { return certificate_; }
  /// A new key and a certificate for it, signed by this authority.
  [[nodiscard]] Server::Tls issue(const Subject& subject);
  [[nodiscard]] Server::Tls issue() { return issue(Subject{}); }

 private:
  struct Pair;

  const std::filesystem::path folder_;
  const std::filesystem::path certificate_;
  std::unique_ptr<Pair> own_;
  int issued_ = 0;
};

/// Writes the key in `file` anew, under a passphrase.
void lock_key(const std::filesystem::path& file, const std::string& passphrase);

}  // namespace spreadable
