// tests/support/free_port.h: ports for nodes that must name one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spreadable {

/// A port on which nobody listens, by IPv4 or IPv6, below those that the kernel gives to outgoing
/// connections. Each call gives another one. Test programs that run at the same time begin at
/// different ports, so they rarely meet; whoever must not fail for it tries again with a new one.
/// Ends the test program when there is none. Thread-safe.
[[nodiscard]] std::uint16_t free_port();

/// The first of `count` consecutive such ports.
[[nodiscard]] std::uint16_t free_ports(std::size_t count);

}  // namespace spreadable
