// The head of a request: whatever is accepted has one meaning only.
#include "services/http/request_head.h"

#include "core/ascii.h"
#include "services/http/detail/head_memory.h"
#include "services/http/detail/text.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

void check_fields(const RequestHead& head) {
  SPREADABLE_ASSERT(head.headers.size() <= kHeadFieldsMax);
  for (const auto& [name, value] : head.headers) {
    SPREADABLE_ASSERT(detail::is_token(name));
    SPREADABLE_ASSERT(detail::is_field_value(value));
    SPREADABLE_ASSERT(value == ascii::trim(value));
  }
  const bool is_asterisk = head.path == "*" && head.method == Method::options;
  SPREADABLE_ASSERT(is_asterisk || head.path.starts_with('/'));
  SPREADABLE_ASSERT(head.path.find_first_of(" ?#\r\n") == std::string::npos);
  SPREADABLE_ASSERT(!head.is_chunked || head.content_length == 0);
  SPREADABLE_ASSERT(head.is_http_1_0 || head.headers.find("host").has_value());
}

/// `head` as another program would write it.
std::string written(const RequestHead& head, std::string_view method) {
  std::string text = std::string(method) + ' ' + head.path;
  if (!head.query.empty()) text += '?' + head.query;
  text += head.is_http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const auto& [name, value] : head.headers) {
    text += std::string(name) + ": " + std::string(value) + "\r\n";
  }
  return text + "\r\n";
}

bool are_same(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query &&
         fuzz::have_same_fields(a.headers, b.headers) && a.content_length == b.content_length &&
         a.is_chunked == b.is_chunked && a.is_http_1_0 == b.is_http_1_0 &&
         a.keeps_alive == b.keeps_alive && a.expects_continue == b.expects_continue;
}

/// A head means the same when it comes again.
void check_memory(std::string_view input, const Result<RequestHead>& head) {
  detail::HeadMemory heads;
  for (int i = 0; i < 3; ++i) {
    const Result<RequestHead> again = heads.read(input, kHeadFieldsMax);
    SPREADABLE_ASSERT(again.has_value() == head.has_value());
    SPREADABLE_ASSERT(!head || are_same(*again, *head));
  }
}

}  // namespace

void fuzz::run(std::string_view input) {
  const Result<RequestHead> head = parse_request_head(input);
  check_memory(input, head);
  if (!head) return check_error(head.error(), {Errc::bad_request, Errc::too_large});
  check_fields(*head);
  const Result<RequestHead> again =
      parse_request_head(written(*head, input.substr(0, input.find(' '))));
  SPREADABLE_ASSERT(again && are_same(*head, *again));
}

}  // namespace spreadable
