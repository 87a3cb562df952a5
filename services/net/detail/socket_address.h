// services/net/detail/socket_address.h: addresses as the system's structures have them.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "core/ip.h"

namespace spreadable::detail {

/// The ip in `address`, without the zone of a link-local one; nothing for nullptr and for families
/// other than IPv4 and IPv6.
[[nodiscard]] std::optional<IpAddress> ip_of(const sockaddr* address);

}  // namespace spreadable::detail
