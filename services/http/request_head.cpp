#include "services/http/request_head.h"

#include <array>
#include <charconv>
#include <optional>

#include "core/ascii.h"
#include "services/http/detail/text.h"

namespace spreadable {
namespace {

using detail::consists_of;
using detail::is_control;
using detail::is_field_value;
using detail::is_token;

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kFieldsUsual = 12;  // what nodes and browsers send needs no more room

constexpr auto kHostBytes = detail::byte_table("-._~!$&'()*+,;=:[]%");

/// A fragment stays with the client that has it, and bytes beyond ASCII belong encoded.
bool is_target(std::string_view text) {
  for (const char c : text) {
    if (is_control(c) || c == ' ' || c == '#' || static_cast<unsigned char>(c) >= 0x80)
      return false;
  }
  return !text.empty();
}

Error refusal(std::string message) {
  return {Errc::bad_request, std::move(message), {}};
}

/// Cuts the first line off `rest`. A line ends in CR LF; a CR alone is a mistake or an attack, as
/// is an LF alone, which is refused as a control byte of the line.
std::optional<std::string_view> cut_line(std::string_view& rest) {
  const auto end = rest.find('\r');
  if (end == std::string_view::npos || end + 1 == rest.size() || rest[end + 1] != '\n') {
    return std::nullopt;
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + kLineEnd.size());
  return line;
}

Method method_of(std::string_view name) {
  if (name == "GET") return Method::get;
  if (name == "POST") return Method::post;
  if (name == "HEAD") return Method::head;
  if (name == "OPTIONS") return Method::options;
  return Method::other;
}

/// The path and query of a full URL; empty when `target` is none.
std::string_view without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!ascii::is_same_word(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const auto end = target.find_first_of("/?");
    if (end == 0) return {};
    return end == std::string_view::npos ? "/" : target.substr(end);
  }
  return {};
}

Result<void> read_target(std::string_view target, RequestHead& head) {
  if (!is_target(target)) return refusal("the request target is malformed");
  if (target.front() != '/' && !(target == "*" && head.method == Method::options)) {
    target = without_authority(target);
    if (target.empty()) return refusal("the request target is no path");
  }
  const auto mark = target.find('?');
  head.path = target.substr(0, mark);
  if (head.path.empty()) head.path = "/";
  if (mark != std::string_view::npos) head.query = target.substr(mark + 1);
  return {};
}

Result<void> read_request_line(std::string_view line, RequestHead& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refusal("the request line needs a method, a target and a version");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return refusal("the method is malformed");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refusal("the HTTP version is neither 1.0 nor 1.1");
  }
  head.method = method_of(method);
  head.is_http_1_0 = version == "HTTP/1.0";
  return read_target(line.substr(first + 1, last - first - 1), head);
}

/// What the fields said that decide over framing and connection.
struct Framing {
  bool has_length = false;
  bool has_host = false;
  bool says_close = false;
  bool says_keep_alive = false;
};

Result<void> read_length(std::string_view value, RequestHead& head, Framing& framing) {
  if (framing.has_length) return refusal("Content-Length comes more than once");
  framing.has_length = true;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), head.content_length);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size()) {
    return refusal("Content-Length is no number");
  }
  return {};
}

Result<void> read_coding(std::string_view value, RequestHead& head) {
  if (head.is_chunked) return refusal("Transfer-Encoding comes more than once");
  if (!ascii::is_same_word(value, "chunked")) return refusal("Transfer-Encoding is not chunked");
  head.is_chunked = true;
  return {};
}

Result<void> read_host(std::string_view value, Framing& framing) {
  if (framing.has_host) return refusal("Host comes more than once");
  if (!consists_of(value, kHostBytes)) return refusal("Host is malformed");
  framing.has_host = true;
  return {};
}

void read_connection(std::string_view value, Framing& framing) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const std::string_view word = ascii::trim(value.substr(0, comma));
    if (ascii::is_same_word(word, "close")) framing.says_close = true;
    if (ascii::is_same_word(word, "keep-alive")) framing.says_keep_alive = true;
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
}

/// Takes note of the fields that decide how the rest of the connection is read.
Result<void> note_field(std::string_view name, std::string_view value, RequestHead& head,
                        Framing& framing) {
  if (ascii::is_same_word(name, "content-length")) return read_length(value, head, framing);
  if (ascii::is_same_word(name, "transfer-encoding")) return read_coding(value, head);
  if (ascii::is_same_word(name, "host")) return read_host(value, framing);
  if (ascii::is_same_word(name, "connection")) read_connection(value, framing);
  if (ascii::is_same_word(name, "expect")) {
    head.expects_continue = ascii::is_same_word(value, "100-continue");
  }
  return {};
}

/// Requires: the end of the line follows it.
Result<void> read_field(std::string_view line, RequestHead& head, Framing& framing) {
  if (line.front() == ' ' || line.front() == '\t') return refusal("a field is folded");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refusal("a field has no colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = ascii::trim(line.substr(colon + 1));
  if (!is_token(name)) return refusal("a field name is malformed");
  if (!is_field_value(value)) return refusal("a field value has control bytes");
  if (detail::is_plain_line(line, name, value)) {
    head.headers.add_line({line.data(), line.size() + kLineEnd.size()}, name.size());
  } else {
    head.headers.add(name, value);
  }
  return note_field(name, value, head, framing);
}

Result<void> conclude(RequestHead& head, const Framing& framing) {
  if (head.is_chunked && framing.has_length) {
    return refusal("Content-Length and Transfer-Encoding exclude each other");
  }
  if (head.is_chunked && head.is_http_1_0) return refusal("HTTP/1.0 has no Transfer-Encoding");
  if (!framing.has_host && !head.is_http_1_0) return refusal("Host is missing");
  head.keeps_alive = !framing.says_close && (!head.is_http_1_0 || framing.says_keep_alive);
  if (head.is_http_1_0) head.expects_continue = false;
  return {};
}

}  // namespace

Result<RequestHead> parse_request_head(std::string_view text, std::size_t fields_max) {
  RequestHead head;
  Framing framing;
  head.headers.reserve(kFieldsUsual, text.size());
  auto line = cut_line(text);
  if (!line) return refusal("a line does not end in CR LF");
  if (auto read = read_request_line(*line, head); !read) return read.error();
  for (line = cut_line(text); line && !line->empty(); line = cut_line(text)) {
    if (head.headers.size() == fields_max) {
      return Error{Errc::too_large, "more than " + std::to_string(fields_max) + " fields", {}};
    }
    if (auto read = read_field(*line, head, framing); !read) return read.error();
  }
  if (!line) return refusal("a line does not end in CR LF");
  if (!text.empty()) return refusal("bytes follow the empty line");
  if (auto read = conclude(head, framing); !read) return read.error();
  return head;
}

}  // namespace spreadable
