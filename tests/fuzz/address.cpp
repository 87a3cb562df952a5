// Addresses, hosts and ips, and the header that names the hops of a request.
#include "core/address.h"

#include "core/access.h"
#include "core/ascii.h"
#include "core/ip.h"
#include "tests/fuzz/fuzz.h"

namespace spreadable {
namespace {

void check_address(std::string_view text) {
  const Result<Address> address = Address::parse(text);
  if (!address) return fuzz::check_error(address.error(), {Errc::invalid_argument});
  const auto again = Address::parse(address->text());
  SPREADABLE_ASSERT(again && *again == *address);
  const auto joined = Address::from_parts(address->host(), address->port());
  SPREADABLE_ASSERT(joined && *joined == *address);
  SPREADABLE_ASSERT(is_valid_host(address->host()));
  SPREADABLE_ASSERT(address->text().find_first_of(" \r\n\t/@?#\"") == std::string::npos);
  SPREADABLE_ASSERT(std::hash<Address>{}(*again) == std::hash<Address>{}(*address));
}

void check_ip(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  if (!ip) return;
  SPREADABLE_ASSERT(IpAddress::parse(ip->text()) == ip);
  SPREADABLE_ASSERT(IpAddress::parse(ip->full_text()) == ip);
  SPREADABLE_ASSERT(!(ip->is_public() && ip->is_private()));
  SPREADABLE_ASSERT(!ip->is_loopback() || ip->is_private());
  SPREADABLE_ASSERT(ip->network(4, 16) == *ip);
  const IpAddress network = ip->network(3, 6);
  SPREADABLE_ASSERT(network.network(3, 6) == network && network.group() == ip->group());
  SPREADABLE_ASSERT(client_label(*ip).port() == 0);
  check_address('[' + ip->full_text() + "]:1");
}

/// Nobody but a proxy can name another ip than its own.
void check_forwarded(std::string_view text) {
  const IpAddress proxy = *IpAddress::parse("10.0.0.1");
  const IpAddress stranger = *IpAddress::parse("203.0.113.7");
  SPREADABLE_ASSERT(client_ip_of(stranger, text, {proxy}) == stranger);
  const IpAddress named = client_ip_of(proxy, text, {proxy});
  const auto first = IpAddress::parse(ascii::trim(text.substr(0, text.find(','))));
  SPREADABLE_ASSERT(named == proxy || named == first);
}

}  // namespace

void fuzz::run(std::string_view input) {
  check_address(input);
  check_ip(input);
  check_forwarded(input);
  SPREADABLE_ASSERT(!is_valid_host(input) || Address::from_parts(input, 1).has_value());
}

}  // namespace spreadable
