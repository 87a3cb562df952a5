// core/authentication.h: how a closed network tells its own from others.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/call_context.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace spreadable {

/// HTTP basic authentication by header, or by a cookie that spares a browser's user from typing
/// again. The cookie is a random token that this node remembers, out of reach of scripts and of
/// other sites; or, where the network wants it, the credentials themselves, as clients of upstream
/// read them. Neither counts on a request that another site's page has sent. Comparisons take a
/// time that does not depend on what is compared. Thread-safe. Source: protocol section 1.8;
/// reliability S15.
class Authentication {
 public:
  struct Options {
    std::string realm;     ///< the node's address
    std::string username;  ///< empty: no authentication, everyone passes
    std::string password;
    Millis cookie_max_age = std::chrono::days{7};
    /// The cookie holds the credentials instead of a token: for pages with upstream's client.
    bool has_credentials_cookie = false;
  };
  /// Logins remembered; the one that ends first is forgotten.
  static constexpr std::size_t kSessionsMax = 10'000;

  Authentication(Options options, const Clock& clock);

  /// Errc::unauthorized for wrong or missing credentials, with the challenge among the reply's
  /// headers. Who passes without a cookie of this node gets one.
  [[nodiscard]] Result<void> check(CallContext& call) const;

  [[nodiscard]] const std::string& cookie_name() const { return cookie_name_; }

 private:
  [[nodiscard]] std::string new_cookie(bool is_tls) const;
  [[nodiscard]] std::string new_session() const;
  [[nodiscard]] bool is_known(const std::string& cookie) const;

  [[nodiscard]] bool is_authorized(std::string_view header) const;

  const Options options_;
  const Clock& clock_;
  const std::string cookie_name_;
  const std::string cookie_value_;
  mutable Mutex mutex_;
  /// Until when, by the hash of the token: how long a look-up takes tells nothing about tokens.
  mutable std::map<std::string, TimePoint> sessions_ SPREADABLE_GUARDED_BY(mutex_);
};

/// The value of an Authorization header for basic authentication.
[[nodiscard]] std::string basic_authorization(std::string_view username, std::string_view password);

}  // namespace spreadable
