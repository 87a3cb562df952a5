// Compressed bodies, in both directions. The first line is an Accept-Encoding or a
// Content-Encoding.
#include "services/http/detail/content_coding.h"

#include "services/http/detail/response_coding.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/deflated.h"

namespace spreadable {
namespace {

constexpr std::size_t kBytesMax = 64 << 10;

void undo(std::string_view body, std::string_view coding) {
  const Result<std::string> plain =
      detail::undo_content_coding(std::string(body), coding, kBytesMax);
  if (!plain) {
    return fuzz::check_error(plain.error(),
                             {Errc::bad_request, Errc::too_large, Errc::unsupported});
  }
  const bool is_coded = !body.empty() && !coding.empty() && coding != "identity";
  SPREADABLE_ASSERT(!is_coded || plain->size() <= kBytesMax);
}

/// What we compress for a client is what it gets back.
void check_response(std::string_view body, std::string_view accepted) {
  HttpResponse response;
  response.body = std::string(body);
  const detail::Coding coding =
      detail::accepted_coding(Headers{{"accept-encoding", std::string(accepted)}});
  apply_coding(response, coding, /*level=*/1);
  const auto named = response.headers.find("content-encoding");
  const Result<std::string> plain =
      detail::undo_content_coding(response.body, named ? *named : "", body.size());
  SPREADABLE_ASSERT(plain && *plain == body);
}

/// The limit is exact, and bytes after the end are noticed.
void check_limit(const std::string& body) {
  for (const auto& [wrapping, coding] :
       {std::pair{kGzipWrapping, "gzip"}, {kZlibWrapping, "deflate"}}) {
    const std::string packed = deflated(body, wrapping);
    const auto whole = detail::undo_content_coding(packed, coding, body.size());
    SPREADABLE_ASSERT(whole && *whole == body);
    if (body.empty()) continue;
    const auto cut = detail::undo_content_coding(packed, coding, body.size() - 1);
    SPREADABLE_ASSERT(!cut && cut.error().code == Errc::too_large);
    const auto longer = detail::undo_content_coding(packed + '\0', coding, body.size());
    SPREADABLE_ASSERT(!longer && longer.error().code == Errc::bad_request);
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  const std::string_view coding = cut_line(input);
  undo(input, coding);
  for (const char* known : {"gzip", "deflate", "br"}) undo(input, known);
  check_response(input, coding);
  std::string longer(input);  // short bodies are not compressed
  while (!longer.empty() && longer.size() < detail::kCompressedBodyBytesMin) longer += longer;
  check_response(longer, coding);
  check_limit(std::string(input));
}

}  // namespace spreadable
