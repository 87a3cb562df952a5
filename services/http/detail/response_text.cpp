#include "services/http/detail/response_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/ascii.h"
#include "core/json.h"
#include "core/units.h"
#include "services/http/detail/text.h"

namespace spreadable::detail {
namespace {

std::string_view reason_phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  static constexpr std::array kRows{
      Row{200, "OK"},
      Row{201, "Created"},
      Row{202, "Accepted"},
      Row{204, "No Content"},
      Row{206, "Partial Content"},
      Row{301, "Moved Permanently"},
      Row{302, "Found"},
      Row{303, "See Other"},
      Row{304, "Not Modified"},
      Row{307, "Temporary Redirect"},
      Row{308, "Permanent Redirect"},
      Row{400, "Bad Request"},
      Row{401, "Unauthorized"},
      Row{403, "Forbidden"},
      Row{404, "Not Found"},
      Row{405, "Method Not Allowed"},
      Row{408, "Request Timeout"},
      Row{409, "Conflict"},
      Row{412, "Precondition Failed"},
      Row{413, "Payload Too Large"},
      Row{415, "Unsupported Media Type"},
      Row{416, "Range Not Satisfiable"},
      Row{422, "Unprocessable Entity"},
      Row{429, "Too Many Requests"},
      Row{431, "Request Header Fields Too Large"},
      Row{500, "Internal Server Error"},
      Row{501, "Not Implemented"},
      Row{503, "Service Unavailable"},
      Row{507, "Insufficient Storage"},
  };
  for (const Row& row : kRows) {
    if (row.status == status) return row.phrase;
  }
  return "Status";  // the phrase means nothing to a client, but the line looks odd without one
}

bool is_ours(std::string_view name) {
  using namespace std::string_view_literals;
  for (const std::string_view ours :
       {"content-length"sv, "connection"sv, "keep-alive"sv, "date"sv, "transfer-encoding"sv}) {
    if (ascii::is_same_word(name, ours)) return true;
  }
  return false;
}

void append_clean(std::string& out, std::string_view text) {
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  out += text;
  if (is_field_value(text)) return;
  const auto is_unwanted = [](char c) { return is_control(c) && c != '\t'; };
  std::replace_if(out.begin() + begin, out.end(), is_unwanted, ' ');
}

/// Requires: `name` is a token.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits{};  // of the largest one
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

void append_length(std::string& out, std::size_t length) {
  out += "Content-Length: ";
  append_number(out, length);
  out += "\r\n";
}

void append_status_line(std::string& out, int status) {
  constexpr int kOk = 200;
  if (status == kOk) {  // nearly all of them
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
}

/// The status line and the fields that are the handler's.
void append_head(std::string& out, const HttpResponse& response, bool has_body) {
  append_status_line(out, response.status);
  if (has_body && !response.content_type.empty()) {
    append_field(out, "Content-Type", response.content_type);
  }
  const auto is_good = [](const auto& field) {
    return is_token(field.name) && !is_ours(field.name);
  };
  const auto is_clean = [&](const auto& field) {
    return is_good(field) && is_field_value(field.value);
  };
  const Headers& headers = response.headers;
  if (std::all_of(headers.begin(), headers.end(), is_clean)) {
    out += headers.lines();
    return;
  }
  for (const auto& field : headers) {
    if (is_good(field)) append_field(out, field.name, field.value);
  }
}

std::size_t length_of(const HttpResponse& response) {
  return is_bodiless(response.status) ? 0 : response.body.size();
}

bool says_length(const HttpResponse& response) {
  return response.status >= 200 && response.status != 304;
}

}  // namespace

namespace {

/// What goes before the body, with room for so many bytes of it.
std::string head_text(const HttpResponse& response, const ResponseFraming& framing,
                      std::size_t room) {
  const std::size_t length = length_of(response);
  std::string out;
  out.reserve(512 + room);
  append_head(out, response, length > 0);
  out += "Date: ";
  append_http_date(out, framing.date);
  out += "\r\n";
  if (says_length(response)) append_length(out, length);
  append_field(out, "Connection", framing.keeps_alive ? "keep-alive" : "close");
  if (framing.keeps_alive) {
    append_field(out, "Keep-Alive",
                 "timeout=" + std::to_string(framing.keep_alive_announced.count()));
  }
  out += "\r\n";
  return out;
}

bool sends_body(const HttpResponse& response, const ResponseFraming& framing) {
  return length_of(response) > 0 && framing.method != Method::head;
}

}  // namespace

std::string response_text(const HttpResponse& response, const ResponseFraming& framing) {
  if (!sends_body(response, framing)) return head_text(response, framing, 0);
  std::string out = head_text(response, framing, response.body.size());
  out += response.body;
  return out;
}

std::string response_text(HttpResponse&& response, const ResponseFraming& framing) {
  constexpr std::size_t kLargeBytes = 65'536;
  std::string& body = response.body;
  if (body.size() < kLargeBytes || !sends_body(response, framing)) {
    return response_text(std::as_const(response), framing);
  }
  const std::string head = head_text(response, framing, 0);
  if (body.capacity() - body.size() < head.size()) {
    return response_text(std::as_const(response), framing);
  }
  body.insert(0, head);
  return std::move(body);
}

std::string framed_response_head(const HttpResponse& response) {
  std::string out;
  out.reserve(256);
  const std::size_t length = length_of(response);
  append_head(out, response, length > 0);
  if (says_length(response)) append_length(out, length);
  out += "\r\n";
  return out;
}

std::string switching_protocols_text(std::string_view protocol) {
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " +
         std::string(protocol) + "\r\n\r\n";
}

HttpResponse refusal_response(int status, std::string_view message, const Headers& extra) {
  HttpResponse response;
  response.status = status;
  response.headers = extra;
  response.body = dump_json(Json{{"message", message}});
  return response;
}

}  // namespace spreadable::detail
