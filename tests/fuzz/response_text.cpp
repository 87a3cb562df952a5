// Responses as bytes: whatever a handler puts into one, it stays one response. The first line is
// the status, then fields until an empty line; the rest is the body.
#include "services/http/detail/response_text.h"

#include <charconv>

#include "core/ascii.h"
#include "services/http/detail/text.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

HttpResponse response_of(std::string_view input) {
  HttpResponse response;
  const std::string_view status = fuzz::cut_line(input);
  int number = 0;
  std::from_chars(status.data(), status.data() + status.size(), number);
  response.status = std::clamp(number, 100, 599);
  response.content_type = std::string(fuzz::cut_line(input));
  while (!input.empty()) {
    const std::string_view line = fuzz::cut_line(input);
    if (line.empty()) break;
    const std::size_t equals = std::min(line.find('='), line.size());
    response.headers.add(std::string(line.substr(0, equals)),
                         std::string(line.substr(std::min(equals + 1, line.size()))) + "\r\nx: y");
  }
  response.body = std::string(input);
  return response;
}

/// How many fields the bytes have: those of the handler, but the ones that are the server's and
/// those without a proper name; and the server's own.
std::size_t expected_fields(const HttpResponse& response, bool is_bodiless) {
  std::size_t fields = 3;  // Date, Connection, Keep-Alive
  for (const auto& [name, value] : response.headers) {
    const std::string small = ascii::lower(name);
    const bool is_ours = small == "content-length" || small == "connection" ||
                         small == "keep-alive" || small == "date" || small == "transfer-encoding";
    fields += is_ours || !detail::is_token(name) ? 0 : 1;
  }
  const bool has_length = response.status >= 200 && response.status != 304;
  const bool has_type = !is_bodiless && !response.body.empty() && !response.content_type.empty();
  return fields + (has_length ? 1 : 0) + (has_type ? 1 : 0);
}

/// Cuts a line that ends in CR LF.
std::string_view cut_head_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  SPREADABLE_ASSERT(end != std::string_view::npos);
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

}  // namespace

void fuzz::run(std::string_view input) {
  const HttpResponse response = response_of(input);
  const bool is_bodiless =
      response.status < 200 || response.status == 204 || response.status == 304;
  const std::string text = detail::response_text(response, {});
  std::string_view rest = text;
  SPREADABLE_ASSERT(cut_head_line(rest).starts_with("HTTP/1.1 " + std::to_string(response.status)));
  std::size_t fields = 0;
  std::size_t lengths = 0;
  for (std::string_view line = cut_head_line(rest); !line.empty(); line = cut_head_line(rest)) {
    SPREADABLE_ASSERT(detail::is_field_value(line));
    const std::string_view name = line.substr(0, line.find(':'));
    lengths += ascii::is_same_word(name, "content-length") ? 1 : 0;
    ++fields;
  }
  SPREADABLE_ASSERT(fields == expected_fields(response, is_bodiless));
  SPREADABLE_ASSERT(lengths <= 1);
  SPREADABLE_ASSERT(rest == (is_bodiless ? std::string_view() : response.body));
  const std::string head_only = detail::response_text(response, {.method = Method::head});
  SPREADABLE_ASSERT(text.starts_with(head_only));
}

}  // namespace spreadable
