// services/mux/detail/message_text.h: requests and responses as the payload of frames.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "core/transport.h"

namespace spreadable::detail {

/// The head of `request`, which has no Connection to speak of; its body follows. Requires: a path
/// with a leading slash, and headers that keep to their lines. `accepts_codings`: the answer may be
/// compressed, which is not worth it on one machine.
[[nodiscard]] std::string request_head_text(const TransportRequest& request, bool accepts_codings);

/// Whether request_head_text can write `request` down. CurlTransport tells what is wrong with
/// others. `like`, if any, is one that it can write, and the quicker this is when both have the same
/// headers, as requests that leave together mostly have.
[[nodiscard]] bool is_writable(const TransportRequest& request,
                               const TransportRequest* like = nullptr);

/// Reads a response, with the content encoding undone. Errc::bad_response when it is malformed,
/// longer than `reply_bytes_max`, or inflates more than CurlTransport allows. Source: RFC 9112,
/// reliability S22. `like`, if any, is another answer, and the quicker this is when both have the
/// same fields, as those of nodes that were asked the same mostly have.
[[nodiscard]] Result<TransportReply> parse_response(std::string_view text,
                                                    std::size_t reply_bytes_max,
                                                    const TransportReply* like = nullptr);

}  // namespace spreadable::detail
