// services/http/detail/content_coding.h: request bodies that arrive compressed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace spreadable::detail {

/// Undoes the `coding` of a Content-Encoding field: gzip, deflate (in zlib's wrapping, as the
/// protocol's peers send it), br, identity or empty. A small body can stand for gigabytes, so
/// inflating stops as soon as the result grows over `bytes_max`. Errors: Errc::unsupported for
/// other codings and for several, Errc::too_large, Errc::bad_request for a damaged or truncated
/// body and for bytes after its end. Pure. Source: protocol section 1.6.
[[nodiscard]] Result<std::string> undo_content_coding(std::string body, std::string_view coding,
                                                      std::size_t bytes_max);

}  // namespace spreadable::detail
