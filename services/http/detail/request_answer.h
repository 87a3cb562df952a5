// services/http/detail/request_answer.h: what a worker makes of a request.
#pragma once

#include "core/http.h"
#include "services/http/detail/endpoint.h"

namespace spreadable::detail {

/// Undoes the content encoding of `request`, has the handler of `setup` answer it, and encodes the
/// answer as the client likes it. A body that cannot be read, or a handler that throws, makes an
/// answer, too. Blocks as long as the handler does. Thread-safe.
[[nodiscard]] HttpResponse answer_to(const Endpoint::Setup& setup, HttpRequest request);

}  // namespace spreadable::detail
