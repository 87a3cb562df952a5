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

/// A response that the server gives itself: `{"message": …}` and `extra` fields.
[[nodiscard]] HttpResponse refusal_response(int status, std::string_view message,
                                            const Headers& extra);

}  // namespace spreadable::detail
