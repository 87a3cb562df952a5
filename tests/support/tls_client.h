// tests/support/tls_client.h: a client's end of TLS that only turns bytes into bytes.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace spreadable {

/// Encrypts and decrypts; carrying the bytes is the caller's part, so a test may withhold, cut or
/// garble them. For one thread.
class TlsClient {
 public:
  struct Options {
    std::filesystem::path authority{};  ///< whom to believe
    int version_max = TLS1_3_VERSION;
    SSL_SESSION* session = nullptr;  ///< to go on with; stays the caller's
  };
  enum class State { shaking_hands, open, ended, broken };

  explicit TlsClient(const Options& options);

  [[nodiscard]] State state() const { return state_; }
  /// Goes on with what came from the server. What is to be sent to it is in take_output() then.
  void feed(std::string_view encrypted);
  /// Encrypts. Requires: open.
  void write(std::string_view plain);
  /// Says that nothing more comes from here. Requires: open.
  void end_writing();

  /// Asks for new keys, by what TLS 1.2 has for it. Requires: open.
  void renegotiate();
  /// Changes the key and asks the server to do so, as TLS 1.3 has it. Requires: open.
  void update_keys();

  /// To be sent to the server.
  [[nodiscard]] std::string take_output();
  /// What the server said, decrypted.
  [[nodiscard]] std::string take_input();

  /// Whether the handshake went on with a session from before.
  [[nodiscard]] bool is_resumed() const { return SSL_session_reused(end_.get()) == 1; }
  [[nodiscard]] int version() const { return SSL_version(end_.get()); }
  /// A copy for Options::session, since OpenSSL spoils the one of a connection that breaks off. The
  /// caller frees it. With TLS 1.3 it comes with the first answer only.
  [[nodiscard]] SSL_SESSION* session() const {
    return SSL_SESSION_dup(SSL_get0_session(end_.get()));
  }
  /// Certificates that the server showed.
  [[nodiscard]] int chain_length() const {
    return sk_X509_num(SSL_get_peer_cert_chain(end_.get()));
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* end) const { SSL_free(end); }
  };

  void go_on();

  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> end_;
  State state_ = State::shaking_hands;
  std::string input_;
};

}  // namespace spreadable
