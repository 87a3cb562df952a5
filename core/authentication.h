// core/authentication.h: how a closed network tells its own from others.
#pragma once

#include <string>
#include <string_view>

#include "core/call_context.h"
#include "core/clock.h"
#include "core/result.h"

namespace spreadable {

/// HTTP basic authentication by header, or by a cookie that spares a browser's user from typing again.
/// The cookie's name holds the node's address and its value the credentials, as clients of upstream
/// read them. Comparisons take a time that does not depend on what is compared.
/// Constant after construction; thread-safe. Source: protocol section 1.8.
class Authentication {
 public:
  struct Options {
    std::string realm;                  ///< the node's address
    std::string username;               ///< empty: no authentication, everyone passes
    std::string password;
    Millis cookie_max_age = std::chrono::days{7};
  };

  Authentication(Options options, const Clock& clock);

  /// Errc::unauthorized for wrong or missing credentials, with the challenge among the reply's headers.
  /// Who passes without a cookie of this node gets one.
  [[nodiscard]] Result<void> check(CallContext& call) const;

  [[nodiscard]] const std::string& cookie_name() const { return cookie_name_; }

 private:
  [[nodiscard]] std::string new_cookie(bool is_tls) const;

  [[nodiscard]] bool is_authorized(std::string_view header) const;

  const Options options_;
  const Clock& clock_;
  const std::string cookie_name_;
  const std::string cookie_value_;
};

/// The value of an Authorization header for basic authentication.
[[nodiscard]] std::string basic_authorization(std::string_view username, std::string_view password);

/// Whether two secrets are equal, in a time that depends on their lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace spreadable
