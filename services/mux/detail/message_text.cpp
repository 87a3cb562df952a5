#include "services/mux/detail/message_text.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "services/http/detail/content_coding.h"
#include "services/http/detail/text.h"
#include "services/net/curl_transport.h"

namespace spreadable::detail {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kFieldsUsual = 8;

Error malformed(std::string_view what) {
  return {Errc::bad_response, "the answer is malformed: " + std::string(what), {}};
}

bool is_line_safe(std::string_view text) {
  return is_field_value(text) ||
         text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

/// `HTTP/1.1 200 OK`.
std::optional<int> status_in(std::string_view line) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  constexpr std::size_t kDigits = 3;
  if (!line.starts_with(kVersion)) return std::nullopt;
  line.remove_prefix(kVersion.size());
  int status = 0;
  const auto [end, failure] =
      std::from_chars(line.data(), line.data() + std::min(kDigits, line.size()), status);
  const bool is_read = failure == std::errc{} && end == line.data() + kDigits;
  if (!is_read || status < 200 || (line.size() > kDigits && line[kDigits] != ' ')) {
    return std::nullopt;
  }
  return status;
}

std::string_view cut_line(std::string_view& rest) {
  auto end = rest.find('\n');
  while (end == 0 || (end != std::string_view::npos && rest[end - 1] != '\r')) {
    end = rest.find('\n', end + 1);
  }
  const bool is_last = end == std::string_view::npos;
  const std::string_view line = is_last ? rest : rest.substr(0, end - 1);
  rest.remove_prefix(is_last ? rest.size() : end + 1);
  return line;
}

/// The fields, one a line, each with its end.
std::optional<Headers> fields_in(std::string_view lines) {
  Headers headers;
  headers.reserve(kFieldsUsual, lines.size());
  while (!lines.empty()) {
    const std::string_view line = cut_line(lines);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = ascii::trim(line.substr(colon + 1));
    if (!is_token(name) || !is_field_value(value)) return std::nullopt;
    if (is_plain_line(line, name, value)) {
      headers.add_line({line.data(), line.size() + kLineEnd.size()}, name.size());
    } else {
      headers.add(name, value);
    }
  }
  return headers;
}

/// Whether these fields stand at the head of `text`, and no others.
bool has_head_of(std::string_view text, const Headers& fields) {
  const std::string_view lines = fields.lines();
  return text.starts_with(lines) && text.substr(lines.size()).starts_with(kLineEnd);
}

Result<std::string> decoded(std::string_view body, const Headers& headers,
                            std::size_t reply_bytes_max) {
  if (body.size() > reply_bytes_max) return malformed("it is too long");
  const auto coding = headers.find("content-encoding");
  if (!coding) return std::string(body);
  const std::size_t inflated_max =
      std::max(CurlTransport::kInflatedFreely, CurlTransport::kInflationMax * body.size());
  auto text =
      undo_content_coding(std::string(body), *coding, std::min(inflated_max, reply_bytes_max));
  if (!text) return malformed(text.error().message);
  return text;
}

}  // namespace

bool is_writable(const TransportRequest& request, const TransportRequest* like) {
  const auto is_path_byte = [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  };
  const auto is_safe = [](const auto& field) {
    return is_token(field.name) && is_line_safe(field.value);
  };
  const auto is_same = [&] {
    return like && like->headers.size() == request.headers.size() &&
           like->headers.lines() == request.headers.lines();
  };
  return (request.method == Method::get || request.method == Method::post) &&
         request.path.starts_with('/') &&
         std::all_of(request.path.begin(), request.path.end(), is_path_byte) &&
         (is_same() || std::all_of(request.headers.begin(), request.headers.end(), is_safe));
}

std::string request_head_text(const TransportRequest& request, bool accepts_codings) {
  std::string out;
  out.reserve(256 + request.headers.lines().size());
  const auto put = [&](std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += kLineEnd;
  };
  out += request.method == Method::get ? "GET " : "POST ";
  out += request.path;
  out += " HTTP/1.1\r\n";
  put("Host", request.to.text());
  if (accepts_codings) put("Accept-Encoding", "gzip, deflate");
  out += request.headers.lines();
  if (request.method == Method::post) put("Content-Length", std::to_string(request.body.size()));
  out += kLineEnd;
  return out;
}

Result<TransportReply> parse_response(std::string_view text, std::size_t reply_bytes_max,
                                      const TransportReply* like) {
  std::string_view rest = text;
  const auto status = status_in(cut_line(rest));
  if (!status) return malformed("its first line is no status");
  std::optional<Headers> headers;
  if (like && has_head_of(rest, like->headers)) {
    headers = like->headers;
    rest.remove_prefix(headers->lines().size() + kLineEnd.size());
  } else {
    const auto head_end = find_head_end(text);
    if (head_end == std::string_view::npos || head_end > CurlTransport::kReplyHeaderBytesMax) {
      return malformed("its head has no end");
    }
    const std::size_t fields_begin = text.size() - rest.size();
    headers = fields_in(text.substr(fields_begin, head_end + kLineEnd.size() - fields_begin));
    if (!headers) return malformed("one of its fields");
    rest = text.substr(head_end + kHeadEnd.size());
  }
  auto body = decoded(rest, *headers, reply_bytes_max);
  if (!body) return body.error();
  return TransportReply{*status, std::move(*headers), std::move(*body)};
}

}  // namespace spreadable::detail
