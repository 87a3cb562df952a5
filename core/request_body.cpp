#include "core/request_body.h"

#include <iconv.h>

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/query.h"

namespace spreadable {
namespace {

constexpr std::size_t kFormFieldsMax = 1000;

/// The value of parameter `charset` in a lower-case content type, without quotes.
std::string_view charset_of(std::string_view content_type) {
  constexpr std::string_view kName = "charset=";
  const std::size_t at = content_type.find(kName);
  if (at == std::string_view::npos) return {};
  std::string_view value = content_type.substr(at + kName.size());
  value = ascii::trim(value.substr(0, value.find(';')));
  if (!value.empty() && value.back() == '"') value.remove_suffix(1);
  if (!value.empty() && value.front() == '"') value.remove_prefix(1);
  return value;
}

Error unsupported_charset(std::string_view charset) {
  return {Errc::unsupported, "unsupported charset \"" + std::string(charset) + "\"", {}};
}

/// `text` in utf-8. Errc::unsupported for a charset we do not read, Errc::bad_request for bytes
/// that are not of it.
Result<std::string> to_utf8(std::string_view text, const std::string& charset) {
  constexpr std::array<std::string_view, 3> kKnown{"utf-16", "utf-16le", "utf-16be"};
  if (std::find(kKnown.begin(), kKnown.end(), charset) == kKnown.end()) {
    return unsupported_charset(charset);
  }
  const iconv_t converter = iconv_open("UTF-8", charset.c_str());
  if (converter == iconv_t(-1)) return unsupported_charset(charset);
  std::string out(text.size() * 2,
                  '\0');  // two bytes of utf-16 become three at most, so this is plenty
  std::string in(text);
  char* from = in.data();
  char* to = out.data();
  std::size_t from_left = in.size();
  std::size_t to_left = out.size();
  const std::size_t converted = iconv(converter, &from, &from_left, &to, &to_left);
  iconv_close(converter);
  if (converted == std::size_t(-1)) {
    return Error{Errc::bad_request, "the body is not " + charset, {}};
  }
  out.resize(out.size() - to_left);
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

/// The media type in a lower-case content type; empty when what follows it are no parameters.
std::string_view media_type_of(std::string_view content_type) {
  const std::string_view media = content_type.substr(0, content_type.find(';'));
  std::string_view rest = content_type.substr(media.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view parameter = ascii::trim(rest.substr(0, rest.find(';')));
    const std::size_t equals = parameter.find('=');
    if (equals == 0 || equals == std::string_view::npos) return {};
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  return ascii::trim(media);
}

Result<Json> parse_json_body(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Result<Json> value = parse_json(text);
  if (value && !value->is_structured()) {
    return Error{Errc::bad_request, "the body must be a JSON object or array", {}};
  }
  return value;
}

}  // namespace

Result<Json> parse_request_body(const HttpRequest& request) {
  if (request.body.empty()) return Json::object();
  const std::string_view header = request.headers.find("content-type").value_or("");
  if (header == "application/json") return parse_json_body(request.body);
  const std::string type = ascii::lower(header);
  const std::string_view media = media_type_of(type);
  const bool is_form = media == "application/x-www-form-urlencoded";
  if (media != "application/json" && !is_form) return Json::object();
  const std::string charset(charset_of(type));
  const bool is_utf8 = charset.empty() || charset == "utf-8";
  if (is_form) return is_utf8 ? parse_form(request.body) : unsupported_charset(charset);

  std::string converted;
  std::string_view text = request.body;
  if (!is_utf8) {
    Result<std::string> utf8 = to_utf8(text, charset);
    if (!utf8) return utf8.error();
    text = converted = std::move(*utf8);
  }
  return parse_json_body(text);
}

}  // namespace spreadable
