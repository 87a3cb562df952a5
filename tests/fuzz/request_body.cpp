// The body of a request. The first line is its Content-Type.
#include "core/request_body.h"

#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

Result<Json> parse(std::string_view type, std::string body) {
  HttpRequest request;
  request.method = Method::post;
  request.headers.add("Content-Type", type);
  request.body = std::move(body);
  return parse_request_body(request);
}

/// Forms give texts, and arrays of texts.
void check_form(const Json& form) {
  SPREADABLE_ASSERT(form.is_object());
  for (const Json& value : form) {
    SPREADABLE_ASSERT(value.is_string() || (value.is_array() && value.size() > 1));
    for (const Json& item : value) SPREADABLE_ASSERT(item.is_string());
  }
}

/// The same value in UTF-16 is the same value.
void check_wide(const Json& value) {
  const std::string plain = value.dump(-1, ' ', /*ensure_ascii=*/true);
  std::string wide;
  for (const char c : plain) wide += {c, '\0'};
  const Result<Json> again = parse("application/json; charset=utf-16le", wide);
  SPREADABLE_ASSERT(again && *again == value);
}

}  // namespace

void fuzz::run(std::string_view input) {
  const std::string_view type = cut_line(input);
  const Result<Json> body = parse(type, std::string(input));
  if (!body) {
    return check_error(body.error(), {Errc::bad_request, Errc::unsupported, Errc::too_large});
  }
  SPREADABLE_ASSERT(body->is_structured());
  SPREADABLE_ASSERT(parse_json(dump_json(*body)).has_value());
  if (type == "application/x-www-form-urlencoded") check_form(*body);
  if (type == "application/json" && !body->empty()) check_wide(*body);
}

}  // namespace spreadable
