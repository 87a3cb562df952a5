// services/http/source_limits.h: what one source of requests may take of a server.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "core/ip.h"

namespace spreadable {

/// What counts as one machine: an IPv4 address, or the /64 that a machine can pick from at will.
[[nodiscard]] inline IpAddress machine_of(const IpAddress& ip) {
  return ip.network(/*v4_bytes=*/4, /*v6_bytes=*/8);
}
/// What usually has one owner: /24 of IPv4, /48 of IPv6.
[[nodiscard]] inline IpAddress neighbourhood_of(const IpAddress& ip) {
  return ip.network(/*v4_bytes=*/3, /*v6_bytes=*/6);
}
/// For whom a request waits in line. Neighbours in a private network are apart from each other.
[[nodiscard]] inline IpAddress lane_of(const IpAddress& ip) {
  return ip.is_private() ? ip : neighbourhood_of(ip);
}

/// A plain value. 0 stands for no limit. Source: reliability L3 and S3.
struct SourceLimits {
  std::size_t connections_per_machine = 64;  ///< to one server, at a time
  std::size_t connections_per_group = 256;   ///< of a neighbourhood, to one server, at a time
  /// Of class client, of a neighbourhood. Ten seconds' worth may come at once.
  std::uint32_t client_requests_per_second = 20;
  bool includes_local = false;      ///< loopback and private ips are limited too
  std::set<IpAddress> exempt = {};  ///< never limited: trusted ips
  /// Not limited themselves; requests through them count for the client they name.
  std::vector<IpAddress> proxies = {};

  [[nodiscard]] bool limits(const IpAddress& ip) const {
    const bool is_proxy = std::find(proxies.begin(), proxies.end(), ip) != proxies.end();
    return (includes_local || !ip.is_private()) && !is_proxy && !exempt.contains(ip);
  }
};

}  // namespace spreadable
