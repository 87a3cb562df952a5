#include "services/net/detail/curl_easy.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "services/net/detail/socket_address.h"

namespace spreadable::detail {
namespace {

/// Room made at once for a body whose length was announced. A longer one grows as it comes, so that
/// an announcement alone claims little.
constexpr std::size_t kReserveMax = 1 << 20;

/// What libcurl reads at once, and may hand over before it counts it.
constexpr std::size_t kReceiveBytes = 16 << 10;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// libcurl hands over one whole header line at a time, that of the status included.
std::size_t on_header(char* data, std::size_t /*one*/, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += size;
  if (exchange.header_bytes > CurlTransport::kReplyHeaderBytesMax) {
    exchange.abort = Exchange::Abort::header_too_large;
    return 0;
  }
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {
    exchange.reply.headers = {};  // those before belonged to an interim answer such as 103
    exchange.is_header_complete = false;
    return size;
  }
  if (trimmed(line).empty()) exchange.is_header_complete = true;
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    exchange.reply.headers.add(std::string(trimmed(line.substr(0, colon))),
                               std::string(trimmed(line.substr(colon + 1))));
  }
  return size;
}

/// Bytes of the body as they came over the wire, as far as libcurl has counted them.
std::size_t received_bytes(const Exchange& exchange) {
  curl_off_t bytes = 0;
  curl().easy_getinfo(exchange.easy->handle.get(), CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  return static_cast<std::size_t>(std::max<curl_off_t>(bytes, 0));
}

bool is_too_much(std::size_t inflated, std::size_t received) {
  return inflated > CurlTransport::kInflatedFreely &&
         inflated / CurlTransport::kInflationMax > received;
}

/// Makes room for `size` more bytes. The last doubling ends at the limit, so that while the bytes
/// are copied over, old and new room together are one and a half times the limit at most.
void make_room(std::string& body, std::size_t size, std::size_t limit) {
  const std::size_t needed = body.size() + size;
  if (needed <= body.capacity()) return;
  std::size_t room = limit;
  while (room / 2 >= needed) room /= 2;
  body.reserve(room);
}

/// Takes a piece of the inflated body.
std::size_t on_body(char* data, std::size_t /*one*/, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  std::string& body = exchange.reply.body;
  if (size > exchange.reply_bytes_max - body.size()) {
    exchange.abort = Exchange::Abort::too_large;
    return 0;
  }
  if (body.empty()) {
    curl_off_t announced = 0;
    curl().easy_getinfo(exchange.easy->handle.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
                        &announced);
    if (announced > 0) {
      body.reserve(
          std::min({static_cast<std::size_t>(announced), exchange.reply_bytes_max, kReserveMax}));
    }
  }
  if (body.size() + size > CurlTransport::kInflatedFreely &&
      is_too_much(body.size() + size, received_bytes(exchange) + kReceiveBytes)) {
    exchange.abort = Exchange::Abort::inflated;
    return 0;
  }
  make_room(body, size, exchange.reply_bytes_max);
  body.append(data, size);
  return size;
}

/// Opens a socket that programs started by this process do not inherit. The address is the very one
/// that libcurl connects to, so here nothing can have been mistaken or changed since it was looked
/// up.
curl_socket_t on_open_socket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (exchange.is_public_only) {
    const auto ip = ip_of(&address->addr);
    if (!ip || !ip->is_public()) {
      exchange.abort = Exchange::Abort::not_public;
      return CURL_SOCKET_BAD;
    }
  }
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) exchange.socket_error = errno;
  return fd;
}

/// Every option is set each time, since the handle may have carried another method before.
void set_method(CURL* handle, const Exchange& exchange) {
  const bool has_body = exchange.method == Method::post || !exchange.body.empty();
  const char* name = nullptr;  // libcurl's own choice
  if (exchange.method == Method::options) name = "OPTIONS";
  if (exchange.method == Method::get && has_body) name = "GET";
  curl().easy_setopt(handle, CURLOPT_HTTPGET, 1L);
  if (has_body) {
    curl().easy_setopt(handle, CURLOPT_POST, 1L);
    curl().easy_setopt(handle, CURLOPT_POSTFIELDS, exchange.body.data());
    curl().easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(exchange.body.size()));
  }
  if (exchange.method == Method::head) curl().easy_setopt(handle, CURLOPT_NOBODY, 1L);
  curl().easy_setopt(handle, CURLOPT_CUSTOMREQUEST, name);
}

const char* text_or_null(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

TrustedByDefault trusted_by_default() {
  TrustedByDefault trusted;
  const std::unique_ptr<CURL, CurlEasyDeleter> handle(curl().easy_init());
  if (!handle) return trusted;
  char* text = nullptr;
  curl().easy_getinfo(handle.get(), CURLINFO_CAINFO, &text);
  if (text != nullptr) trusted.file = text;
  text = nullptr;
  curl().easy_getinfo(handle.get(), CURLINFO_CAPATH, &text);
  if (text != nullptr) trusted.folder = text;
  return trusted;
}

/// libcurl believes a file and a folder together. The folder is left out where there is a file:
/// with an authority of the request's own it would add the system's, and without one it only keeps
/// libcurl from remembering what it has read, which takes longer than the handshake.
void set_trust(CURL* handle, const Exchange& exchange, const TrustedByDefault& trusted) {
  const std::string& file = exchange.authority.empty() ? trusted.file : exchange.authority;
  curl().easy_setopt(handle, CURLOPT_CAINFO, text_or_null(file));
  curl().easy_setopt(handle, CURLOPT_CAPATH, file.empty() ? text_or_null(trusted.folder) : nullptr);
}

void set_request(CURL* handle, Exchange& exchange) {
  curl().easy_setopt(handle, CURLOPT_URL, exchange.url.c_str());
  curl().easy_setopt(handle, CURLOPT_HTTPHEADER, exchange.headers.list());
  curl().easy_setopt(handle, CURLOPT_CONNECT_TO, exchange.connect_to_list());
  curl().easy_setopt(handle, CURLOPT_FRESH_CONNECT, exchange.is_retry ? 1L : 0L);
  curl().easy_setopt(handle, CURLOPT_PRIVATE, &exchange);
  curl().easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  curl().easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  curl().easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &exchange);
  set_method(handle, exchange);
}

/// What every request has in common.
void set_common(CURL* handle, const CurlTransport::Options& options) {
  curl().easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl().easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl().easy_setopt(handle, CURLOPT_PROXY, "");
  curl().easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl().easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl().easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
  curl().easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl().easy_setopt(handle, CURLOPT_BUFFERSIZE, static_cast<long>(kReceiveBytes));
  curl().easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options.connect_timeout.count()));
  curl().easy_setopt(handle, CURLOPT_MAXAGE_CONN,
                     static_cast<long>(options.idle_connection_lifetime.count()));
  curl().easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_body);
  curl().easy_setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
  curl().easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  curl().easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl().easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl().easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
}

/// libcurl's words, or its general name for `code` when it said nothing particular.
std::string words_for(const Exchange& exchange, CURLcode code) {
  const char* text = exchange.easy->error_text.data();
  return *text != '\0' ? text : curl().easy_strerror(code);
}

Error no_connection(const Exchange& exchange, CURLcode code) {
  long number = exchange.socket_error;
  if (number == 0) {
    curl().easy_getinfo(exchange.easy->handle.get(), CURLINFO_OS_ERRNO, &number);
  }
  const int reason = static_cast<int>(number);
  // No socket at all, or no local port: not the peer's doing.
  const bool is_ours = exchange.socket_error != 0 || reason == EADDRNOTAVAIL;
  return {.code = is_ours ? Errc::overloaded : Errc::unreachable,
          .message =
              "no connection to " + exchange.to.text() + ": " +
              (reason != 0 ? std::generic_category().message(reason) : words_for(exchange, code))};
}

Error broken_off(const Exchange& exchange) {
  if (exchange.abort == Exchange::Abort::not_public) {
    return {.code = Errc::denied,
            .message = "no request to " + exchange.to.text() + ": its address is not a public one"};
  }
  const bool is_body = exchange.abort == Exchange::Abort::too_large;
  const std::size_t limit =
      is_body ? exchange.reply_bytes_max : CurlTransport::kReplyHeaderBytesMax;
  return {.code = Errc::bad_response,
          .message = std::string(is_body ? "the answer" : "the header of the answer") + " of " +
                     exchange.to.text() + " is larger than " + std::to_string(limit) + " bytes"};
}

Error inflated(const Exchange& exchange) {
  return {.code = Errc::bad_response,
          .message = "the answer of " + exchange.to.text() + " inflates to more than " +
                     std::to_string(CurlTransport::kInflationMax) + " times its size"};
}

Error failure(const Exchange& exchange, CURLcode code) {
  if (exchange.abort != Exchange::Abort::none) return broken_off(exchange);
  const auto error = [&](Errc kind, const std::string& what) {
    return Error{.code = kind, .message = what + ": " + words_for(exchange, code)};
  };
  const std::string& peer = exchange.to.text();
  switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OPERATION_TIMEDOUT:  // of the connection: the deadline of the answer is not
                                    // libcurl's
      return no_connection(exchange, code);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return error(Errc::unreachable, "no connection to " + peer);
    case CURLE_SSL_CACERT_BADFILE:
      return error(Errc::io, "no connection to " + peer);
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      return error(Errc::unreachable, "the connection to " + peer + " broke");
    case CURLE_URL_MALFORMAT:
      return error(Errc::invalid_argument, "cannot write a request to " + peer);
    case CURLE_OUT_OF_MEMORY:
      return error(Errc::overloaded, "no request to " + peer);
    default:
      return error(Errc::bad_response, "cannot read the answer of " + peer);
  }
}

}  // namespace

CurlEasyPool::CurlEasyPool(const CurlTransport::Options& options)
    : options_(options), trusted_(trusted_by_default()) {}

std::unique_ptr<CurlEasy> CurlEasyPool::make() const {
  auto easy = std::make_unique<CurlEasy>();
  easy->handle.reset(curl().easy_init());
  if (!easy->handle) return nullptr;
  curl().easy_setopt(easy->handle.get(), CURLOPT_ERRORBUFFER, easy->error_text.data());
  set_common(easy->handle.get(), options_);
  return easy;
}

std::unique_ptr<CurlEasy> CurlEasyPool::take(Exchange& exchange) {
  std::unique_ptr<CurlEasy> easy;
  if (idle_.empty()) {
    easy = make();
    if (!easy) return nullptr;
  } else {
    easy = std::move(idle_.back());
    idle_.pop_back();
  }
  easy->error_text.front() = '\0';
  set_request(easy->handle.get(), exchange);
  if (exchange.is_tls) set_trust(easy->handle.get(), exchange, trusted_);
  return easy;
}

bool has_met_stale_connection(const Exchange& exchange, CURLcode code) {
  if (exchange.header_bytes > 0) return false;
  if (code != CURLE_SEND_ERROR && code != CURLE_RECV_ERROR && code != CURLE_GOT_NOTHING)
    return false;
  long connections_made = 0;
  curl().easy_getinfo(exchange.easy->handle.get(), CURLINFO_NUM_CONNECTS, &connections_made);
  return connections_made == 0;
}

bool inflates_too_much(const Exchange& exchange) {
  return exchange.abort == Exchange::Abort::inflated ||
         is_too_much(exchange.reply.body.size(), received_bytes(exchange));
}

Result<TransportReply> outcome(Exchange& exchange, CURLcode code) {
  if (inflates_too_much(exchange)) return inflated(exchange);
  if (code != CURLE_OK) return failure(exchange, code);
  if (!exchange.is_header_complete) {  // to libcurl, an answer that ends there is a whole one
    return Error{.code = Errc::unreachable,
                 .message = "the connection to " + exchange.to.text() +
                            " broke within the header of the answer"};
  }
  long status = 0;
  curl().easy_getinfo(exchange.easy->handle.get(), CURLINFO_RESPONSE_CODE, &status);
  exchange.reply.status = static_cast<int>(status);
  return std::move(exchange.reply);
}

}  // namespace spreadable::detail
