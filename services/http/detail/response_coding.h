// services/http/detail/response_coding.h: responses that travel compressed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/http.h"

namespace spreadable::detail {

/// How the bytes of a body are encoded.
enum class Coding : std::uint8_t { identity, br, gzip, deflate };

/// Shorter bodies are sent as they are: they fill one packet either way.
inline constexpr std::size_t kCompressedBodyBytesMin = 1'024;

/// What a client wants by its Accept-Encoding fields: the coding it gives the highest weight, and
/// among equals br before gzip before deflate; identity when it names none of them, or likes it
/// better. A weight that can't be read counts as a refusal. `identity;q=0` asks for no more than
/// any of the others: a body that none of them suits is sent as it is. Pure. Source: RFC 9110,
/// section 12.5.3.
[[nodiscard]] Coding accepted_coding(const Headers& request);

/// Compresses the body of `response` with `accepted`, when it is a text of kCompressedBodyBytesMin
/// or more and becomes smaller by it; then the response tells so in Content-Encoding, and a strong
/// ETag becomes a weak one. Texts are text/*, JSON, JavaScript and SVG. Responses that bear a
/// coding already, are a part of something, or say `no-transform` are left alone. Every other
/// response with a text tells caches by `Vary` that it depends on the client. `level` is zlib's, 1
/// to 9; brotli has one setting. 0 leaves every response alone. Pure.
void apply_coding(HttpResponse& response, Coding accepted, int level);

}  // namespace spreadable::detail
