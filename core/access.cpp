#include "core/access.h"

#include <algorithm>
#include <optional>

#include "core/ascii.h"
#include "core/wire.h"

namespace spreadable {
namespace {

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

/// The value of a header of the protocol; one that is repeated gives all values, which are `joined`
/// then, and so fits nothing. Nothing when it is missing.
std::optional<std::string_view> value_of(const CallContext& call, std::string_view name,
                                         std::string& joined) {
  std::optional<std::string_view> value;
  for (const auto& [field, text] : call.request.headers) {
    if (!ascii::is_same_word(field, name)) continue;
    if (value) joined = std::string(*value).append(", ").append(text);
    value = value ? std::string_view(joined) : text;
  }
  return value;
}

/// Of a value that may be anything what a message has room for.
std::string shown(std::string_view value) {
  return std::string(value.substr(0, 64));
}

/// Whether anybody can be refused for its address or its ip.
bool has_lists(const Access::Options& options) {
  return !options.whitelist.empty() || !options.blacklist.empty();
}

Error denied(std::string message) {
  return {Errc::denied, std::move(message), {}};
}

}  // namespace

Address client_label(const IpAddress& ip) {
  return Address::from_ip(ip, 0);
}

IpAddress client_ip_of(const IpAddress& socket_ip, std::string_view forwarded,
                       const std::vector<IpAddress>& proxies) {
  const auto is_proxy = [&](const IpAddress& ip) {
    return std::find(proxies.begin(), proxies.end(), ip) != proxies.end();
  };
  if (forwarded.empty() || !is_proxy(socket_ip)) return socket_ip;
  std::optional<IpAddress> client;
  while (true) {
    const std::size_t comma = forwarded.find(',');
    const auto hop = IpAddress::parse(ascii::trim(forwarded.substr(0, comma)));
    if (!hop || (client && !is_proxy(*hop))) return socket_ip;
    if (!client) client = hop;
    if (comma == std::string_view::npos) return *client;
    forwarded.remove_prefix(comma + 1);
  }
}

Access::Access(Options options, Parts parts) : options_(std::move(options)), parts_(parts) {}

Result<void> Access::identify(CallContext& call) const {
  call.client_ip = client_ip_of(call.client_ip, call.header(wire::kForwardedFor), options_.proxies);
  std::string joined;
  const auto named = value_of(call, wire::kOriginalAddress, joined);
  if (!named || named->empty()) return {};
  Result<Address> address = Address::parse(*named);
  if (!address) {
    return denied("Address \"" + shown(*named) + "\" is invalid");
  }
  call.client_address = std::move(*address);
  return {};
}

Result<void> Access::check_node(CallContext& call) const {
  if (Result<void> passed = check_client_lists(call); !passed) return passed;
  if (Result<void> passed = check_sender(call); !passed) return passed;
  if (!call.client_address.is_empty()) {
    if (Result<void> passed = check_screens(call.client_address, &call.client_ip); !passed) {
      return passed;
    }
  }
  if (Result<void> passed = parts_.authentication.check(call); !passed) return passed;
  if (Result<void> passed = check_version(call); !passed) return passed;
  std::string joined;
  const auto root = value_of(call, wire::kNodeRoot, joined);
  const std::string own_root = options_.root();
  if (!root || *root != own_root) {
    return denied("Node root is different: \"" + shown(root.value_or("undefined")) +
                  "\" instead of \"" + own_root + "\"");
  }
  return {};
}

/// The sender is the node it names: by its ip, or by its key.
Result<void> Access::check_sender(CallContext& call) const {
  if (signatures_ && signatures_->is_required()) return signatures_->check(call);
  if (call.client_address.is_empty()) return {};
  const Result<IpAddress> ip = parts_.resolver.resolve(call.client_address.host());
  if (ip && *ip == call.client_ip) return {};
  const bool is_signed = signatures_ && signatures_->check(call).has_value();
  if (is_signed) return {};
  return denied("Wrong address \"" + call.client_address.text() + "\"");
}

Result<void> Access::check_client(CallContext& call) const {
  if (Result<void> passed = check_client_lists(call); !passed) return passed;
  if (Result<void> passed = parts_.authentication.check(call); !passed) return passed;
  return check_version(call);
}

Result<void> Access::check_page(CallContext& call) const {
  if (Result<void> passed = check_client_lists(call); !passed) return passed;
  return parts_.authentication.check(call);
}

Result<void> Access::check_version(const CallContext& call) const {
  std::string joined;
  auto version = value_of(call, wire::kNodeVersion, joined);
  if (!version || version->empty()) version = value_of(call, wire::kClientVersion, joined);
  if (!version || *version == options_.version) return {};
  return denied("The version is different: \"" + shown(*version) + "\" instead of \"" +
                options_.version + "\"");
}

Result<void> Access::check_client_lists(const CallContext& call) const {
  // The socket's address counts: a name that the client gives itself must not lift a ban.
  if (Result<void> passed = check_screens(client_label(call.client_ip), &call.client_ip); !passed) {
    return passed;
  }
  if (!has_lists(options_)) return {};
  const std::string ip = call.client_ip.text();
  return check_ip_lists(call.client_address.is_empty() ? ip : call.client_address.text(), ip,
                        call.client_ip);
}

Result<void> Access::check_lists(const Address& address) const {
  if (options_.is_trusted || address == options_.self) return {};
  const bool needs_ip =
      has_lists(options_) || std::any_of(screens_.begin(), screens_.end(),
                                         [](const Screen& screen) { return screen.needs_ip(); });
  if (!needs_ip) return check_screens(address, nullptr);
  const Result<IpAddress> ip = parts_.resolver.resolve(address.host());
  if (!ip) return denied("Ip address for \"" + std::string(address.host()) + "\" is invalid");
  if (Result<void> passed = check_screens(address, &*ip); !passed) return passed;
  return check_ip_lists(address.text(), address.host(), *ip);
}

Result<void> Access::check_screens(const Address& peer, const IpAddress* ip) const {
  for (const Screen& screen : screens_) {
    Result<void> passed = screen.check(peer, ip);
    if (!passed && !is_trusted(peer)) return passed;
  }
  return {};
}

bool Access::is_doubted(const Address& address) const {
  const auto doubts = [&](const Screen& screen) { return screen.doubts && screen.doubts(address); };
  return std::any_of(screens_.begin(), screens_.end(), doubts) && !is_trusted(address);
}

bool Access::is_trusted(const Address& address) const {
  if (options_.is_trusted || address == options_.self) return true;
  if (options_.trustlist.empty()) return false;
  const Result<IpAddress> ip = parts_.resolver.resolve(address.host());
  return any_matches(options_.trustlist, address.text(), address.host(), ip ? *ip : IpAddress());
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
