#include "services/http/detail/tls_stream.h"

#include <openssl/err.h>

#include <string_view>

namespace spreadable::detail {
namespace {

/// Plain bytes handed to OpenSSL at a time: the most that one record holds.
constexpr std::size_t kRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;

}  // namespace

std::unique_ptr<TlsStream> TlsStream::open(std::shared_ptr<const TlsContext> context,
                                           FileDescriptor socket) {
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(context), std::move(socket)));
  stream->end_.reset(stream->context_->make_end(stream.get()));
  if (!stream->end_) stream.reset();
  return stream;
}

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, FileDescriptor socket)
    : context_(std::move(context)), socket_(std::move(socket)) {}

TlsStream::~TlsStream() {
  if (end_) say_goodbye();
}

ByteStream::Step TlsStream::read(std::span<char> into) {
  if (!flush()) return {0, is_broken_ ? Wait::closed : Wait::writable};
  std::size_t bytes = 0;
  ERR_clear_error();  // what an earlier call left in the thread's queue would be taken for its own
  const int status = SSL_read_ex(end_.get(), into.data(), into.size(), &bytes);
  if (status != 1) return {0, wait_after_failure(status)};
  const bool may_hold_more = !is_drained_ || SSL_has_pending(end_.get()) == 1;
  return {bytes, may_hold_more ? Wait::none : idle_wait()};
}

ByteStream::Step TlsStream::write(std::string_view bytes) {
  std::size_t sent = 0;
  while (flush() && sent < bytes.size()) {
    const std::string_view piece = bytes.substr(sent, kRecordBytes);
    std::size_t taken = 0;
    ERR_clear_error();
    const int status = SSL_write_ex(end_.get(), piece.data(), piece.size(), &taken);
    if (status != 1) return {sent, wait_after_failure(status)};
    sent += taken;
  }
  if (is_broken_) return {sent, Wait::closed};
  return {sent, unsent_.empty() ? Wait::none : Wait::writable};
}

void TlsStream::end_writing() {
  say_goodbye();
  if (flush()) socket_.end_writing();
}

/// Sends what waits. False when some of it still does, or the connection is broken.
bool TlsStream::flush() {
  if (is_broken_) return false;
  if (unsent_.empty()) return true;
  const Step step = socket_.write(unsent_);
  is_broken_ = step.wait == Wait::closed;
  unsent_.erase(0, step.bytes);
  if (unsent_.empty()) std::string().swap(unsent_);
  return unsent_.empty() && !is_broken_;
}

/// What to wait for when there is nothing to read.
ByteStream::Wait TlsStream::idle_wait() const {
  return unsent_.empty() ? Wait::readable : Wait::writable;
}

ByteStream::Wait TlsStream::wait_after_failure(int status) {
  const int reason = SSL_get_error(end_.get(), status);
  if (reason == SSL_ERROR_WANT_READ) return idle_wait();
  // After a proper end of the client's bytes ours may still be sent.
  if (reason != SSL_ERROR_ZERO_RETURN) is_broken_ = true;
  return Wait::closed;
}

/// Tells the client that nothing more comes, so that it can tell the end from a cut. In the midst
/// of a record that would be no use, and before the handshake there is nobody to tell.
void TlsStream::say_goodbye() {
  if (is_broken_ || !unsent_.empty() || SSL_is_init_finished(end_.get()) != 1) return;
  ERR_clear_error();
  if (SSL_shutdown(end_.get()) < 0) is_broken_ = true;
}

int TlsStream::on_read(BIO* bio, char* into, int size) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const Step step = stream.socket_.read({into, static_cast<std::size_t>(size)});
  stream.is_drained_ = step.wait == Wait::readable;
  const bool is_end = step.bytes == 0 && step.wait == Wait::closed;
  if (is_end || !stream.is_modest({into, step.bytes})) return 0;
  if (step.bytes > 0) return static_cast<int>(step.bytes);
  BIO_set_retry_read(bio);
  return -1;
}

int TlsStream::on_write(BIO* bio, const char* bytes, int size) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::string_view all(bytes, static_cast<std::size_t>(size));
  std::size_t sent = 0;
  if (stream.unsent_.empty()) {
    const Step step = stream.socket_.write(all);
    if (step.wait == Wait::closed) return -1;
    sent = step.bytes;
  }
  if (stream.unsent_.size() + all.size() - sent > kUnsentBytesMax) return -1;
  stream.unsent_.append(all.substr(sent));
  return size;
}

/// Whether a client whose next bytes these are begins with a message of reasonable length.
bool TlsStream::is_modest(std::string_view first_bytes) {
  constexpr std::size_t kBeforeLength = 6;  // the head of a record, and what kind of message it is
  constexpr std::size_t kUpToLength = kBeforeLength + 3;
  for (const char byte : first_bytes.substr(0, kUpToLength - hello_seen_)) {
    const bool is_length = hello_seen_++ >= kBeforeLength;
    if (is_length) hello_bytes_ = hello_bytes_ << 8 | static_cast<unsigned char>(byte);
  }
  return hello_bytes_ <= kHelloBytesMax;
}

}  // namespace spreadable::detail
