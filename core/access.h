// core/access.h: who may talk to a node.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/authentication.h"
#include "core/call_context.h"
#include "core/resolver.h"
#include "core/result.h"
#include "core/signatures.h"

namespace spreadable {

/// The address lists and the checks of protocol section 2. Constant after construction except for
/// the root, which the node reads through a function, and screens. Thread-safe; resolving a
/// caller's host may block.
class Access {
 public:
  struct Options {
    Address self;
    std::string version;                 ///< own protocol version, e.g. wire::kVersion
    std::function<std::string()> root;   ///< the network's root, empty while unknown
    bool is_trusted = false;             ///< everyone passes the lists
    std::vector<std::string> whitelist;  ///< when not empty, only these
    std::vector<std::string> blacklist;  ///< never these
    std::vector<std::string> trustlist;  ///< always these, whatever the other lists say
    std::vector<IpAddress> proxies;      ///< whose `x-forwarded-for` is believed
  };
  /// Both outlive this object.
  struct Parts {
    Resolver& resolver;
    const Authentication& authentication;
  };

  /// Something else that may refuse a peer, in either direction: a banlist.
  struct Screen {
    /// Errc::denied refuses. `ip` is null where it is not known; a caller that is no proven node
    /// has the address `<ip>:0`.
    std::function<Result<void>(const Address& peer, const IpAddress* ip)> check;
    std::function<bool()> needs_ip;  ///< whether a look-up of the ip is worth its time just now
    /// Whether something is held against a peer that does not refuse it, or not yet. May be empty.
    std::function<bool(const Address& peer)> doubts{};
  };

  Access(Options options, Parts parts);

  /// Senders may, or have to, prove by key who they are. Before the first request; outlives this
  /// object.
  void set_signatures(Signatures& signatures) { signatures_ = &signatures; }

  /// Before the first request. Trusted peers are not asked about.
  void add_screen(Screen screen) { screens_.push_back(std::move(screen)); }

  /// Middleware for every path: learns the client's ip, behind proxies, and its address from its
  /// header.
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

  /// Whether a screen doubts `address`: it is talked to, but not chosen where another would do.
  [[nodiscard]] bool is_doubted(const Address& address) const;

  /// Whether nothing is ever held against `address`.
  [[nodiscard]] bool is_trusted(const Address& address) const;

 private:
  [[nodiscard]] Result<void> check_sender(CallContext& call) const;
  [[nodiscard]] Result<void> check_version(const CallContext& call) const;
  [[nodiscard]] Result<void> check_client_lists(const CallContext& call) const;
  [[nodiscard]] Result<void> check_ip_lists(const std::string& label, std::string_view host,
                                            const IpAddress& ip) const;

  [[nodiscard]] Result<void> check_screens(const Address& peer, const IpAddress* ip) const;

  const Options options_;
  const Parts parts_;
  std::vector<Screen> screens_;
  Signatures* signatures_ = nullptr;
};

/// `<ip>:0`, by which a caller that is no proven node is known.
[[nodiscard]] Address client_label(const IpAddress& ip);

/// The ip that `forwarded`, the value of `x-forwarded-for`, gives as the client's, when the
/// socket's ip and every hop named after the first are among `proxies`; else the socket's, as for a
/// header that can't be read. Source: protocol section 1.7, with a list of proxies instead of the
/// node's own addresses.
[[nodiscard]] IpAddress client_ip_of(const IpAddress& socket_ip, std::string_view forwarded,
                                     const std::vector<IpAddress>& proxies);

}  // namespace spreadable
