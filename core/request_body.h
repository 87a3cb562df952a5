// core/request_body.h: from the bytes of a request's body to JSON.
#pragma once

#include "core/http.h"
#include "core/json.h"
#include "core/result.h"

namespace spreadable {

/// The body as a JSON object or array: JSON by `application/json`, an object of texts by
/// `application/x-www-form-urlencoded`, an empty object for no body and for other types.
/// Errors: Errc::bad_request for bad JSON and JSON scalars, Errc::unsupported for a charset other
/// than utf-8 and utf-16 (of forms: utf-8), Errc::too_large for more than 1,000 form fields.
/// Source: protocol section 1.6.
[[nodiscard]] Result<Json> parse_request_body(const HttpRequest& request);

}  // namespace spreadable
