// services/http/detail/tls_stream.h: TLS between a connection and its socket.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "core/result.h"
#include "core/server.h"
#include "services/http/detail/byte_stream.h"

namespace spreadable::detail {

/// What the TLS connections of one server have in common: key, certificate, rules and the secret
/// that seals session tickets. TLS 1.2 or later; no renegotiation; sessions are resumed by tickets
/// alone, so the server remembers none. Not changed after open(), so thread-safe.
class TlsContext {
 public:
  /// Reads both files. Errc::io with a message that names the file that is to blame.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> open(const Server::Tls& files);

  /// A server's end that reads and writes through the callbacks of TlsStream; nullptr when memory
  /// is short.
  [[nodiscard]] SSL* make_end(void* stream) const;

 private:
  struct Delete {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
  };

  TlsContext();

  std::unique_ptr<SSL_CTX, Delete> context_;
  std::unique_ptr<BIO_METHOD, Delete> method_;  ///< how OpenSSL gets at a TlsStream's socket
};

/// A socket that speaks TLS as a server. The handshake is part of the first reads. OpenSSL never
/// hears that the socket takes no more: what it wants to send and can't waits here, and until that
/// is gone nothing else is read or written, so it stays near the size of one record. That way no
/// call has to be repeated with the same bytes, and a client that does not read is not listened to.
///
/// Two things in TLS would let a stranger take much with little, and end the connection here: a
/// first message that announces a great length, for which OpenSSL takes memory at once, and
/// requests to TLS itself, such as for new keys, whose answers are never read.
class TlsStream final : public ByteStream {
 public:
  /// Length that a client's first message may announce. Real ones stay below 2 KiB.
  static constexpr std::size_t kHelloBytesMax = 16'384;
  /// Bytes that may wait for the socket. Nothing that one honest call makes comes near.
  static constexpr std::size_t kUnsentBytesMax = 65'536;

  /// nullptr when memory is short.
  [[nodiscard]] static std::unique_ptr<TlsStream> open(std::shared_ptr<const TlsContext> context,
                                                       FileDescriptor socket);
  /// Says good-bye to the client where that costs no waiting.
  ~TlsStream() override;

  [[nodiscard]] Step read(std::span<char> into) override;
  [[nodiscard]] Step write(std::string_view bytes) override;
  void end_writing() override;
  [[nodiscard]] bool is_tls() const override { return true; }
  [[nodiscard]] int descriptor() const override { return socket_.descriptor(); }

 private:
  friend class TlsContext;
  struct Delete {
    void operator()(SSL* end) const { SSL_free(end); }
  };

  TlsStream(std::shared_ptr<const TlsContext> context, FileDescriptor socket);

  // OpenSSL's side of the socket.
  [[nodiscard]] static int on_read(BIO* bio, char* into, int size);
  [[nodiscard]] static int on_write(BIO* bio, const char* bytes, int size);

  [[nodiscard]] bool is_modest(std::string_view first_bytes);
  [[nodiscard]] bool flush();
  [[nodiscard]] Wait idle_wait() const;
  [[nodiscard]] Wait wait_after_failure(int status);
  void say_goodbye();

  /// Shared with the other streams of the server; whoever is last frees it.
  const std::shared_ptr<const TlsContext> context_;
  SocketStream socket_;
  std::size_t hello_seen_ = 0;   ///< bytes of the client's first ones, up to the announced length
  std::size_t hello_bytes_ = 0;  ///< the announced length, as far as seen
  bool is_drained_ = false;      ///< the socket held nothing more when it was last read
  bool is_broken_ = false;       ///< no further call of OpenSSL makes sense
  std::string unsent_;           ///< encrypted, for a socket that took no more
  std::unique_ptr<SSL, Delete> end_;  ///< last: it uses all the others
};

/// TLS with the key and the certificate in `files`. Errors are those of TlsContext::open.
[[nodiscard]] Result<StreamFactory> tls_streams(const Server::Tls& files);

}  // namespace spreadable::detail
