// The part of tls_stream.h that reads files and sets the rules.
#include <openssl/err.h>
#include <openssl/pem.h>

#include <new>
#include <system_error>

#include "services/http/detail/tls_stream.h"

namespace spreadable::detail {
namespace {

struct DeleteKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, DeleteKey>;
struct DeleteFile {
  void operator()(BIO* file) const { BIO_free(file); }
};

/// What OpenSSL first complained of. The complaints that follow only say that something failed.
std::string first_complaint() {
  const unsigned long code = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* words = ERR_reason_error_string(code);
  return words ? words : "OpenSSL refuses it";
}

Error unusable(const char* what, const std::filesystem::path& file, const std::string& reason) {
  return {Errc::io,
          "cannot use the TLS " + std::string(what) + " in " + file.string() + ": " + reason,
          {}};
}

/// Called for a key under a passphrase. Without it OpenSSL would ask on the terminal.
int no_passphrase(char* /*into*/, int /*size*/, int /*is_writing*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

Result<Key> read_key(const std::filesystem::path& file) {
  ERR_clear_error();
  const std::unique_ptr<BIO, DeleteFile> input(BIO_new_file(file.c_str(), "r"));
  if (!input) return unusable("key", file, first_complaint());
  bool is_locked = false;
  Key key(PEM_read_bio_PrivateKey(input.get(), nullptr, &no_passphrase, &is_locked));
  if (is_locked) return unusable("key", file, "it is locked with a passphrase");
  if (!key) return unusable("key", file, first_complaint());
  return key;
}

Result<void> use_certificate(SSL_CTX& context, const std::filesystem::path& file) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(&context, file.c_str()) == 1) return {};
  return unusable("certificate", file, first_complaint());
}

Result<void> use_key(SSL_CTX& context, EVP_PKEY& key, const Server::Tls& files) {
  if (X509_check_private_key(SSL_CTX_get0_certificate(&context), &key) != 1) {
    return Error{Errc::io,
                 "the TLS key in " + files.key.string() +
                     " does not belong to the certificate in " + files.certificate.string(),
                 {}};
  }
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey(&context, &key) == 1) return {};
  return unusable("key", files.key, first_complaint());
}

/// Answers OpenSSL's other questions about a socket: there is nothing to flush, nor anything else.
long on_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace

TlsContext::TlsContext()
    : context_(SSL_CTX_new(TLS_server_method())),
      method_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "spreadable stream")) {
  if (!context_ || !method_) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION);
  // An idle connection gives its buffers back.
  SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
  // One read of the socket takes a record's head and body, and all of a small request.
  SSL_CTX_set_read_ahead(context_.get(), 1);
  BIO_meth_set_read(method_.get(), &TlsStream::on_read);
  BIO_meth_set_write(method_.get(), &TlsStream::on_write);
  BIO_meth_set_ctrl(method_.get(), &on_control);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::open(const Server::Tls& files) {
  std::shared_ptr<TlsContext> context(new TlsContext());
  if (auto used = use_certificate(*context->context_, files.certificate); !used)
    return used.error();
  auto key = read_key(files.key);
  if (!key) return key.error();
  if (auto used = use_key(*context->context_, **key, files); !used) return used.error();
  return std::shared_ptr<const TlsContext>(std::move(context));
}

SSL* TlsContext::make_end(void* stream) const {
  std::unique_ptr<SSL, TlsStream::Delete> end(SSL_new(context_.get()));
  BIO* const bio = BIO_new(method_.get());
  if (!end || !bio) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, stream);
  BIO_set_init(bio, 1);
  SSL_set_bio(end.get(), bio, bio);  // the one reference stands for both directions
  SSL_set_accept_state(end.get());
  return end.release();
}

Result<StreamFactory> tls_streams(const Server::Tls& files) {
  auto context = TlsContext::open(files);
  if (!context) return context.error();
  return StreamFactory([context = *context](FileDescriptor socket) {
    return TlsStream::open(context, std::move(socket));
  });
}

}  // namespace spreadable::detail
