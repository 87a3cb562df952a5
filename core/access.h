// core/access.h: who may talk to a node.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/call_context.h"
#include "core/resolver.h"
#include "core/result.h"

namespace spreadable {

/// The address lists and the checks of protocol section 2. Constant after construction except for the
/// root, which the node reads through a function. Thread-safe; resolving a caller's host may block.
class Access {
 public:
  struct Options {
    Address self;
    std::string version;                  ///< own protocol version, e.g. wire::kVersion
    std::function<std::string()> root;    ///< the network's root, empty while unknown
    bool is_trusted = false;              ///< everyone passes the lists
    std::vector<std::string> whitelist;   ///< when not empty, only these
    std::vector<std::string> blacklist;   ///< never these
    std::vector<std::string> trustlist;   ///< always these, whatever the other lists say
    std::string username;                 ///< empty: no authentication
    std::string password;
  };

  Access(Options options, Resolver& resolver);

  /// Middleware for every path: learns the client's address from its header.
  [[nodiscard]] Result<void> identify(CallContext& call) const;
  /// For /api: the sender is who it says, has the right credentials, version and root.
  [[nodiscard]] Result<void> check_node(CallContext& call) const;
  /// For /client: credentials and version.
  [[nodiscard]] Result<void> check_client(CallContext& call) const;
  /// For pages and the status: credentials.
  [[nodiscard]] Result<void> check_page(CallContext& call) const;

  /// Whether the lists allow to talk to `address`, in either direction. Errc::denied says why not.
  /// Items match an address, a host name, or an ip in any text form. Source: protocol section 2.2.
  [[nodiscard]] Result<void> check_lists(const Address& address) const;

 private:
  [[nodiscard]] Result<void> check_credentials(CallContext& call) const;
  [[nodiscard]] Result<void> check_version(const CallContext& call) const;
  [[nodiscard]] Result<void> check_client_lists(const CallContext& call) const;
  [[nodiscard]] Result<void> check_ip_lists(const std::string& label, std::string_view host,
                                            const IpAddress& ip) const;

  const Options options_;
  const std::string authorization_;  ///< what the Authorization header must be, or empty
  Resolver& resolver_;
};

/// The value of an Authorization header for basic authentication.
[[nodiscard]] std::string basic_authorization(std::string_view username, std::string_view password);

/// Whether two secrets are equal, in a time that depends on their lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace spreadable
