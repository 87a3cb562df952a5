#include "core/access.h"

#include <algorithm>

#include "core/wire.h"

namespace spreadable {
namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t block = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      block = block << 8 | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= left ? kDigits[block >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

bool matches(const std::string& item, const std::string& label, std::string_view host,
             const IpAddress& ip) {
  if (item == label || item == host) return true;
  const auto item_ip = IpAddress::parse(item);
  return item_ip && *item_ip == ip;
}

bool any_matches(const std::vector<std::string>& items, const std::string& label,
                 std::string_view host, const IpAddress& ip) {
  return std::any_of(items.begin(), items.end(),
                     [&](const std::string& item) { return matches(item, label, host, ip); });
}

Error denied(std::string message) { return {Errc::denied, std::move(message), {}}; }

}  // namespace

std::string basic_authorization(std::string_view username, std::string_view password) {
  return "Basic " + base64(std::string(username) + ":" + std::string(password));
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

Access::Access(Options options, Resolver& resolver)
    : options_(std::move(options)),
      authorization_(options_.username.empty()
                         ? std::string()
                         : basic_authorization(options_.username, options_.password)),
      resolver_(resolver) {}

Result<void> Access::identify(CallContext& call) const {
  const std::string_view named = call.header(wire::kOriginalAddress);
  if (named.empty()) return {};
  Result<Address> address = Address::parse(named);
  if (!address) {
    return denied("Address \"" + std::string(named.substr(0, 64)) + "\" is invalid");
  }
  call.client_address = std::move(*address);
  return {};
}

Result<void> Access::check_node(CallContext& call) const {
  if (Result<void> passed = check_client_lists(call); !passed) return passed;
  const std::string& label = call.client_address.text();
  if (!label.empty()) {
    const Result<IpAddress> ip = resolver_.resolve(call.client_address.host());
    if (!ip || *ip != call.client_ip) return denied("Wrong address \"" + label + "\"");
  }
  if (Result<void> passed = check_credentials(call); !passed) return passed;
  if (Result<void> passed = check_version(call); !passed) return passed;
  const std::string* root = call.request.headers.find(wire::kNodeRoot);
  const std::string own_root = options_.root();
  if (!root || *root != own_root) {
    return denied("Node root is different: \"" + (root ? root->substr(0, 64) : "undefined") +
                  "\" instead of \"" + own_root + "\"");
  }
  return {};
}

Result<void> Access::check_client(CallContext& call) const {
  if (Result<void> passed = check_client_lists(call); !passed) return passed;
  if (Result<void> passed = check_credentials(call); !passed) return passed;
  return check_version(call);
}

Result<void> Access::check_page(CallContext& call) const {
  if (Result<void> passed = check_client_lists(call); !passed) return passed;
  return check_credentials(call);
}

Result<void> Access::check_credentials(CallContext& call) const {
  if (authorization_.empty()) return {};
  if (equal_in_constant_time(call.header("authorization"), authorization_)) return {};
  call.reply_headers.add("WWW-Authenticate", "Basic realm=\"" + options_.self.text() + "\"");
  return Error{Errc::unauthorized, "Authentication is required", {}};
}

Result<void> Access::check_version(const CallContext& call) const {
  std::string_view version = call.header(wire::kNodeVersion);
  if (version.empty()) version = call.header(wire::kClientVersion);
  if (version.empty() || version == options_.version) return {};
  return denied("The version is different: \"" + std::string(version.substr(0, 64)) +
                "\" instead of \"" + options_.version + "\"");
}

Result<void> Access::check_client_lists(const CallContext& call) const {
  // The socket's address counts: a name that the client gives itself must not lift a ban.
  const std::string ip = call.client_ip.text();
  return check_ip_lists(call.client_address.is_empty() ? ip : call.client_address.text(), ip,
                        call.client_ip);
}

Result<void> Access::check_lists(const Address& address) const {
  const bool has_lists =
      !options_.is_trusted && !(options_.whitelist.empty() && options_.blacklist.empty());
  if (!has_lists || address == options_.self) return {};
  const Result<IpAddress> ip = resolver_.resolve(address.host());
  if (!ip) return denied("Ip address for \"" + std::string(address.host()) + "\" is invalid");
  return check_ip_lists(address.text(), address.host(), *ip);
}

Result<void> Access::check_ip_lists(const std::string& label, std::string_view host,
                                    const IpAddress& ip) const {
  if (options_.is_trusted || any_matches(options_.trustlist, label, host, ip)) return {};
  if (!options_.whitelist.empty()) {
    if (any_matches(options_.whitelist, label, host, ip)) return {};
    return denied("Address \"" + label + "\" is denied");
  }
  if (any_matches(options_.blacklist, label, host, ip)) {
    return denied("Address \"" + label + "\" is in the blacklist");
  }
  return {};
}

}  // namespace spreadable
