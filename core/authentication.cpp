#include "core/authentication.h"

#include <optional>

#include "core/base64.h"
#include "core/detail/ascii.h"
#include "core/units.h"

namespace spreadable {
namespace {

/// The value of cookie `name` in all Cookie headers, without surrounding quotes.
std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name) {
  const std::string* field = headers.find("cookie");
  std::string_view rest = field ? std::string_view(*field) : std::string_view();
  while (!rest.empty()) {
    const std::string_view pair = detail::trim(rest.substr(0, rest.find(';')));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      std::string_view value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
    const std::size_t end = rest.find(';');
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return {};
}

/// Credentials as the cookie holds them. The order of keys is the one in which clients write them.
std::string cookie_value(const std::string& username, const std::string& password) {
  return base64_encode("{\"username\":" + dump_json(username) + ",\"password\":" + dump_json(password) +
                       "}");
}

/// Whether `value` holds these credentials, whatever the order of the keys is.
bool holds(std::string_view value, const std::string& username, const std::string& password) {
  const auto text = base64_decode(value);
  if (!text) return false;
  const Result<Json> json = parse_json(*text);
  if (!json || !json->is_object()) return false;
  const auto text_at = [&](const char* key) {
    const auto field = json->find(key);
    return field != json->end() && field->is_string() ? field->get<std::string>() : std::string();
  };
  const bool is_user = equal_in_constant_time(text_at("username"), username);
  const bool is_password = equal_in_constant_time(text_at("password"), password);
  return is_user && is_password;
}

}  // namespace

std::string basic_authorization(std::string_view username, std::string_view password) {
  return "Basic " + base64_encode(std::string(username) + ":" + std::string(password));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^
                                        static_cast<unsigned char>(other));
  }
  return difference == 0;
}

Authentication::Authentication(Options options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      cookie_name_("spreadableNetworkAuth[" + options_.realm + "]"),
      cookie_value_(cookie_value(options_.username, options_.password)) {}

Result<void> Authentication::check(CallContext& call) const {
  if (options_.username.empty()) return {};
  const auto cookie = find_cookie(call.request.headers, cookie_name_);
  const bool has_cookie = cookie && holds(*cookie, options_.username, options_.password);
  if (has_cookie || is_authorized(call.header("authorization"))) {
    if (!cookie) call.reply_headers.add("Set-Cookie", new_cookie(call.request.is_tls));
    return {};
  }
  call.reply_headers.add("WWW-Authenticate", "Basic realm=\"" + options_.realm + "\"");
  return Error{Errc::unauthorized, "Authentication is required", {}};
}

/// `header` is `Basic`, in any case, and the credentials in base64.
bool Authentication::is_authorized(std::string_view header) const {
  constexpr std::string_view kScheme = "basic ";
  if (!detail::is_same_word(header.substr(0, kScheme.size()), kScheme)) return false;
  const auto given = base64_decode(detail::trim(header.substr(kScheme.size())));
  return given && equal_in_constant_time(*given, options_.username + ":" + options_.password);
}

std::string Authentication::new_cookie(bool is_tls) const {
  return cookie_name_ + "=" + cookie_value_ +
         "; path=/; expires=" + http_date(clock_.wall_now() + options_.cookie_max_age) +
         (is_tls ? "; secure" : "");
}

}  // namespace spreadable
