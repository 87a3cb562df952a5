// services/http/detail/response_text.h: responses as bytes.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http.h"

namespace spreadable::detail {

/// What the connection has to say beside the response itself.
struct ResponseFraming {
  Method method = Method::get;  ///< of the request; HEAD gets the length of a body but no body
  bool keeps_alive = true;
  std::chrono::seconds keep_alive_announced{5};
  WallTime date{};
};

/// The bytes of `response`. Content-Length, Connection, Keep-Alive, Date and Transfer-Encoding are
/// the server's: fields of those names are left out of the handler's headers, and so are those
/// whose name is no token, since a colon or a space in it could make another name of it. Control
/// bytes in values become spaces, so that no text of a caller can begin a new field. Status 1xx and
/// 304 have no body; 204 has none but says `Content-Length: 0`, as upstream does. Source: RFC 9112,
/// protocol sections 0.13 and 1.6.
[[nodiscard]] std::string response_text(const HttpResponse& response,
                                        const ResponseFraming& framing);
/// The same; a large body with room for a head becomes the text, and is not there twice.
[[nodiscard]] std::string response_text(HttpResponse&& response, const ResponseFraming& framing);

/// The head of `response` in a frame, which has no connection of its own to speak of: without
/// Date, Connection and Keep-Alive. Otherwise as response_text.
[[nodiscard]] std::string framed_response_head(const HttpResponse& response);

/// The answer to a request for `protocol` on the same connection. Source: RFC 9110, section 7.8.
[[nodiscard]] std::string switching_protocols_text(std::string_view protocol);

/// Whether responses of that status have no body.
[[nodiscard]] constexpr bool is_bodiless(int status) {
  return status < 200 || status == 204 || status == 304;
}

/// A response that the server gives itself: `{"message": …}` and `extra` fields.
[[nodiscard]] HttpResponse refusal_response(int status, std::string_view message,
                                            const Headers& extra);

}  // namespace spreadable::detail
