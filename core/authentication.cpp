#include "core/authentication.h"

#include <algorithm>
#include <optional>
#include <span>

#include "core/ascii.h"
#include "core/base64.h"
#include "core/data_hash.h"
#include "core/secret.h"
#include "core/units.h"

namespace spreadable {
namespace {

constexpr std::size_t kTokenBytes = 32;

/// The value of cookie `name` in a Cookie header, without surrounding quotes.
std::optional<std::string_view> find_cookie(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::string_view pair = ascii::trim(cookies.substr(0, cookies.find(';')));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      std::string_view value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
    const std::size_t end = cookies.find(';');
    cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
  }
  return {};
}

/// The same in all of them: a client sends one, but proxies may pass on the several that HTTP/2
/// allows. Source: RFC 9113, section 8.2.3.
std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name) {
  for (const auto& [field, cookies] : headers) {
    if (!ascii::is_same_word(field, "cookie")) continue;
    if (const auto value = find_cookie(cookies, name)) return value;
  }
  return {};
}

/// Credentials as the cookie holds them. The order of keys is the one in which clients write them.
std::string cookie_value(const std::string& username, const std::string& password) {
  return base64_encode("{\"username\":" + dump_json(username) +
                       ",\"password\":" + dump_json(password) + "}");
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

/// Whether a page of another site has sent the request: browsers tell by the header `Origin`.
bool is_cross_site(const CallContext& call) {
  const std::string_view origin = call.header("origin");
  if (origin.empty()) return false;
  const std::size_t scheme_end = origin.find("://");
  return scheme_end == std::string_view::npos ||
         !ascii::is_same_word(origin.substr(scheme_end + 3), call.header("host"));
}

}  // namespace

std::string basic_authorization(std::string_view username, std::string_view password) {
  return "Basic " + base64_encode(std::string(username) + ":" + std::string(password));
}

Authentication::Authentication(Options options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      cookie_name_("spreadableNetworkAuth[" + options_.realm + "]"),
      cookie_value_(cookie_value(options_.username, options_.password)) {}

Result<void> Authentication::check(CallContext& call) const {
  if (options_.username.empty()) return {};
  const auto cookie = find_cookie(call.request.headers, cookie_name_);
  const bool has_cookie = cookie && !is_cross_site(call) && is_known(std::string(*cookie));
  if (has_cookie || is_authorized(call.header("authorization"))) {
    const bool is_useful = cookie && (has_cookie || options_.has_credentials_cookie);
    if (!is_useful) call.reply_headers.add("Set-Cookie", new_cookie(call.request.is_tls));
    return {};
  }
  call.reply_headers.add("WWW-Authenticate", "Basic realm=\"" + options_.realm + "\"");
  return Error{Errc::unauthorized, "Authentication is required", {}};
}

bool Authentication::is_known(const std::string& cookie) const {
  if (options_.has_credentials_cookie) return holds(cookie, options_.username, options_.password);
  const MutexLock lock(mutex_);
  const auto session = sessions_.find(data_hash(std::span(&cookie, 1)));
  return session != sessions_.end() && session->second > clock_.now();
}

/// Remembers a new token.
std::string Authentication::new_session() const {
  std::string token = base64_encode(secret_bytes(kTokenBytes));
  while (token.back() == '=') token.pop_back();
  const TimePoint now = clock_.now();
  const MutexLock lock(mutex_);
  if (sessions_.size() >= kSessionsMax) {
    std::erase_if(sessions_, [&](const auto& session) { return session.second <= now; });
  }
  if (sessions_.size() >= kSessionsMax) {
    sessions_.erase(
        std::min_element(sessions_.begin(), sessions_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  sessions_[data_hash(std::span(&token, 1))] = now + options_.cookie_max_age;
  return token;
}

/// `header` is `Basic`, in any case, and the credentials in base64.
bool Authentication::is_authorized(std::string_view header) const {
  constexpr std::string_view kScheme = "basic ";
  if (!ascii::is_same_word(header.substr(0, kScheme.size()), kScheme)) return false;
  const auto given = base64_decode(ascii::trim(header.substr(kScheme.size())));
  return given && equal_in_constant_time(*given, options_.username + ":" + options_.password);
}

std::string Authentication::new_cookie(bool is_tls) const {
  const std::string expires =
      "; path=/; expires=" + http_date(clock_.wall_now() + options_.cookie_max_age);
  if (options_.has_credentials_cookie) {
    return cookie_name_ + "=" + cookie_value_ + expires + (is_tls ? "; secure" : "");
  }
  return cookie_name_ + "=" + new_session() + expires + "; HttpOnly; SameSite=Strict" +
         (is_tls ? "; Secure" : "");
}

}  // namespace spreadable
