#include "tests/support/tls_client.h"

#include <openssl/err.h>

#include <array>
#include <utility>

#include "core/assert.h"

namespace spreadable {

TlsClient::TlsClient(const Options& options) : context_(SSL_CTX_new(TLS_client_method())) {
  SPREADABLE_ASSERT(context_);
  SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
  // As low as OpenSSL goes, so that a test can offer what the server must refuse.
  SSL_CTX_set_min_proto_version(context_.get(), 0);
  SSL_CTX_set_security_level(context_.get(), 0);
  if (!options.authority.empty()) {
    SPREADABLE_ASSERT(SSL_CTX_load_verify_file(context_.get(), options.authority.c_str()) == 1);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  }
  end_.reset(SSL_new(context_.get()));
  SPREADABLE_ASSERT(end_);
  SSL_set_bio(end_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_tlsext_host_name(end_.get(), "localhost");
  SSL_set1_host(end_.get(), "localhost");
  if (options.session) SSL_set_session(end_.get(), options.session);
  SSL_set_connect_state(end_.get());
  go_on();
}

void TlsClient::feed(std::string_view encrypted) {
  SPREADABLE_ASSERT(
      BIO_write(SSL_get_rbio(end_.get()), encrypted.data(), static_cast<int>(encrypted.size())) ==
      static_cast<int>(encrypted.size()));
  go_on();
}

void TlsClient::go_on() {
  std::array<char, 16'384> buffer;
  ERR_clear_error();
  int status = SSL_do_handshake(end_.get());
  if (status == 1 && state_ == State::shaking_hands) state_ = State::open;
  std::size_t bytes = 0;
  while (status == 1) {
    status = SSL_read_ex(end_.get(), buffer.data(), buffer.size(), &bytes);
    if (status == 1) input_.append(buffer.data(), bytes);
  }
  const int reason = SSL_get_error(end_.get(), status);
  if (reason == SSL_ERROR_WANT_READ) return;
  state_ = reason == SSL_ERROR_ZERO_RETURN ? State::ended : State::broken;
}

void TlsClient::write(std::string_view plain) {
  std::size_t taken = 0;
  if (plain.empty()) return;
  SPREADABLE_ASSERT(SSL_write_ex(end_.get(), plain.data(), plain.size(), &taken) == 1);
  SPREADABLE_ASSERT(taken == plain.size());
}

void TlsClient::end_writing() {
  SSL_shutdown(end_.get());
}

void TlsClient::renegotiate() {
  SPREADABLE_ASSERT(SSL_renegotiate(end_.get()) == 1);
  go_on();
}

void TlsClient::update_keys() {
  SPREADABLE_ASSERT(SSL_key_update(end_.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
  SPREADABLE_ASSERT(SSL_do_handshake(end_.get()) == 1);
}

std::string TlsClient::take_output() {
  BIO* const out = SSL_get_wbio(end_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

std::string TlsClient::take_input() {
  return std::exchange(input_, {});
}

}  // namespace spreadable
