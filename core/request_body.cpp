#include "core/request_body.h"

#include <algorithm>
#include <cctype>

namespace spreadable {
namespace {

constexpr std::size_t kFormFieldsMax = 1000;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The value of parameter `charset` in a lower-case content type, without quotes.
std::string_view charset_of(std::string_view content_type) {
  constexpr std::string_view kName = "charset=";
  const std::size_t at = content_type.find(kName);
  if (at == std::string_view::npos) return {};
  std::string_view value = content_type.substr(at + kName.size());
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '"')) value.remove_suffix(1);
  while (!value.empty() && value.front() == '"') value.remove_prefix(1);
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Undoes form encoding. A `%` that starts no escape stands for itself.
std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// A repeated key becomes an array; brackets in keys mean nothing.
Result<Json> parse_form(std::string_view text) {
  Json form = Json::object();
  std::size_t fields = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    if (++fields > kFormFieldsMax) {
      return Error{Errc::too_large, "too many parameters", {}};
    }
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string key = form_decoded(field.substr(0, equals));
    Json value = form_decoded(field.substr(std::min(equals + 1, field.size())));
    Json& slot = form[key];
    if (slot.is_null()) {
      slot = std::move(value);
    } else if (slot.is_array()) {
      slot.push_back(std::move(value));
    } else {
      slot = Json::array({std::move(slot), std::move(value)});
    }
  }
  return form;
}

}  // namespace

Result<Json> parse_request_body(const HttpRequest& request) {
  if (request.body.empty()) return Json::object();
  const std::string* header = request.headers.find("content-type");
  const std::string type = header ? lower(*header) : std::string();
  const bool is_json = type.starts_with("application/json");
  const bool is_form = type.starts_with("application/x-www-form-urlencoded");
  if (!is_json && !is_form) return Json::object();
  const std::string_view charset = charset_of(type);
  if (!charset.empty() && charset != "utf-8") {
    return Error{Errc::unsupported, "unsupported charset \"" + std::string(charset) + "\"", {}};
  }
  if (is_form) return parse_form(request.body);
  Result<Json> value = parse_json(request.body);
  if (value && !value->is_structured()) {
    return Error{Errc::bad_request, "the body must be a JSON object or array", {}};
  }
  return value;
}

}  // namespace spreadable
