// services/http/request_head.h: the strict reading of a request's first lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http.h"
#include "core/result.h"

namespace spreadable {

/// Bytes of a head, its empty line included; more is answered with 431. Source: reliability L4.
inline constexpr std::size_t kHeadBytesMax = 16'384;
/// Fields of a head; more is answered with 431. Source: reliability L4.
inline constexpr std::size_t kHeadFieldsMax = 100;

/// The head of a request, and what it says about the bytes that follow. A plain value.
struct RequestHead {
  Method method = Method::get;
  std::string path;                  ///< as sent, percent-encoded; `*` for `OPTIONS *`
  std::string query;                 ///< as sent, without `?`
  Headers headers;                   ///< values without surrounding white space; may be empty
  std::uint64_t content_length = 0;  ///< of the body that follows; 0 when chunked
  bool is_chunked = false;
  bool is_http_1_0 = false;
  bool keeps_alive = true;        ///< the sender wants to use the connection again
  bool expects_continue = false;  ///< the sender waits for `100 Continue` before its body
};

/// Reads a whole head: request line, fields and the empty line that ends them.
///
/// Two programs that disagree about where a request ends can be made to take the tail of one
/// request for another one. So whatever could be read in two ways is refused, even where RFC 9112
/// would let a server repair it: bare CR or LF, NUL and other control bytes, folded lines, space
/// around a field name, Content-Length together with Transfer-Encoding, more than one of either, a
/// length that is not all digits, codings other than `chunked`, no Host or several.
///
/// Methods are case-sensitive; those that Method does not name become Method::other. A target is a
/// path, a full URL (whose scheme and authority are dropped) or, for OPTIONS, `*`.
/// Errors: Errc::bad_request; Errc::too_large for more than `fields_max` fields. Pure.
/// Source: RFC 9110, RFC 9112, reliability L4 and L6.
[[nodiscard]] Result<RequestHead> parse_request_head(std::string_view text,
                                                     std::size_t fields_max = kHeadFieldsMax);

}  // namespace spreadable
