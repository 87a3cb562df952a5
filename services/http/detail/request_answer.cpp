#include "services/http/detail/request_answer.h"

#include <utility>

#include "services/http/detail/content_coding.h"
#include "services/http/detail/response_coding.h"
#include "services/http/detail/response_text.h"

namespace spreadable::detail {
namespace {

int status_of(const Error& error) {
  switch (error.code) {
    case Errc::too_large:
      return 413;
    case Errc::unsupported:
      return 415;
    case Errc::internal:
      return 500;
    default:
      return 400;
  }
}

HttpResponse handle(const Endpoint::Setup& setup, HttpRequest request) {
  if (const auto coding = request.headers.find("content-encoding")) {
    auto body = undo_content_coding(std::move(request.body), *coding, setup.body_bytes_max);
    if (!body) {
      return refusal_response(status_of(body.error()), body.error().message,
                              setup.options.refusal_headers);
    }
    request.body = std::move(*body);
  }
  try {
    return setup.handler.handle(std::move(request));
  } catch (...) {  // against its contract; one bad handler must not end the process
    return refusal_response(500, "internal error", setup.options.refusal_headers);
  }
}

}  // namespace

HttpResponse answer_to(const Endpoint::Setup& setup, HttpRequest request) {
  const Coding coding = accepted_coding(request.headers);
  HttpResponse response = handle(setup, std::move(request));
  apply_coding(response, coding, setup.compression_level);
  return response;
}

}  // namespace spreadable::detail
