// Who may pass. The first line is the header Authorization, the second the value of the node's
// cookie, the rest the header Cookie.
#include "core/authentication.h"

#include "core/ascii.h"
#include "core/base64.h"
#include "core/json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/manual_clock.h"

namespace spreadable {
namespace {

constexpr const char* kUser = "user";
constexpr const char* kPassword = "p:äß";

struct Given {
  std::string authorization;
  std::string cookie;
  std::string cookies;
};

bool passes(const Authentication& authentication, const Given& given) {
  HttpRequest request;
  if (!given.authorization.empty()) request.headers.add("Authorization", given.authorization);
  std::string cookies = given.cookies;
  if (!given.cookie.empty()) cookies = authentication.cookie_name() + "=" + given.cookie;
  request.headers.add("Cookie", cookies);
  CallContext call{.request = request,
                   .body = {},
                   .deadline = Deadline(TimePoint::max()),
                   .client_ip = {},
                   .client_address = {}};
  const Result<void> passed = authentication.check(call);
  if (passed) return true;
  fuzz::check_error(passed.error(), {Errc::unauthorized});
  SPREADABLE_ASSERT(call.reply_headers.find("WWW-Authenticate").has_value());
  SPREADABLE_ASSERT(!call.reply_headers.find("Set-Cookie"));
  return false;
}

/// Whether the header holds the right user and password, however its base64 ends.
bool is_right(std::string_view authorization) {
  const auto given = base64_decode(ascii::trim(authorization.substr(authorization.find(' '))));
  return given == std::string(kUser) + ":" + kPassword;
}

bool is_right_cookie(std::string_view value) {
  const auto text = base64_decode(value);
  const auto json = text ? parse_json(*text) : Result<Json>(Error{});
  return json && json->is_object() && json->value("username", Json()) == kUser &&
         json->value("password", Json()) == kPassword;
}

}  // namespace

void fuzz::run(std::string_view input) {
  const ManualClock clock;
  const Authentication tokens({.realm = "localhost:1", .username = kUser, .password = kPassword},
                              clock);
  const Authentication credentials({.realm = "localhost:1",
                                    .username = kUser,
                                    .password = kPassword,
                                    .has_credentials_cookie = true},
                                   clock);
  Given given;
  given.authorization = std::string(cut_line(input));
  given.cookie = std::string(cut_line(input));
  given.cookies = std::string(input);
  // A token can't be guessed, so a cookie alone never lets anybody pass.
  SPREADABLE_ASSERT(!passes(tokens, {.authorization = {}, .cookie = given.cookie, .cookies = {}}));
  if (passes(tokens, given)) SPREADABLE_ASSERT(is_right(given.authorization));
  if (passes(credentials, {.authorization = {}, .cookie = given.cookie, .cookies = {}})) {
    const std::string_view cookie = given.cookie;
    const std::string_view bare = cookie.substr(0, cookie.find(';'));
    const bool has_quotes = bare.size() >= 2 && bare.front() == '"';
    SPREADABLE_ASSERT(has_quotes || is_right_cookie(ascii::trim(bare)));
  }
  static_cast<void>(passes(credentials, given));
}

}  // namespace spreadable
