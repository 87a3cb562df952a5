// tests/security/ssrf_addresses.h: addresses made to lead a node to where it must not go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/resolver.h"

namespace spreadable::sectest {

/// Whether nobody may be made to connect there. Written down as ranges, once more and independently
/// of IpAddress::is_public, which is what is under test.
[[nodiscard]] bool is_forbidden(const IpAddress& ip);

/// At least a thousand texts that stand for places a node on the internet must not call, in every
/// spelling that some reader of addresses has been known to take: numbers in other bases, short
/// forms, IPv4 inside of IPv6, zones, user names, percent and Unicode spellings, names that resolve
/// there, at once or at the second look, and names of public hosts that redirect there. All with
/// `port`. Among them are public hosts that merely pretend to be nodes.
[[nodiscard]] std::vector<std::string> crafted_addresses(std::uint16_t port);

/// What a name service under an attacker's control answers: `<ip>.at.example` is there;
/// `<n>-<ip>.turning.example` is public at every first look and there at every second;
/// `<n>-<ip>.leading.example` is a public host, whose server redirects there; every other name
/// under `example` is public. Numbers in any base are read as the system's resolver reads them.
[[nodiscard]] Result<IpAddress> attackers_answer(const std::string& name);

/// The ip that a name of these carries, as `a-b-c-d` or with hex groups and hyphens; or nothing.
[[nodiscard]] std::optional<IpAddress> carried_ip(std::string_view name);

/// Where all public names are.
[[nodiscard]] IpAddress public_ip();

}  // namespace spreadable::sectest
