// core/ip.h: an IP address as a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spreadable {

/// An IPv4 or IPv6 address. IPv4 is held in its IPv6-mapped form, so `127.0.0.1` equals
/// `::ffff:127.0.0.1`. A plain value.
class IpAddress {
 public:
  /// The unspecified address `::`.
  IpAddress() = default;

  /// Strict: four decimal octets, or any text form of RFC 4291; no brackets, zone or white space.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] static IpAddress loopback();

  [[nodiscard]] bool is_v4() const;
  /// 127.0.0.0/8 or ::1.
  [[nodiscard]] bool is_loopback() const;
  /// Loopback, RFC 1918, link-local, or unique local (fc00::/7).
  [[nodiscard]] bool is_private() const;

  /// An address of one machine on the internet: not private, unspecified, shared (RFC 6598),
  /// multicast, reserved, or one that stands for an IPv4 address of these (NAT64, 6to4,
  /// IPv4-compatible).
  [[nodiscard]] bool is_public() const;
  /// The network that it lies in: its first `v4_bytes` of IPv4's four bytes, or `v6_bytes` of
  /// IPv6's sixteen, and zeros after them.
  [[nodiscard]] IpAddress network(std::size_t v4_bytes, std::size_t v6_bytes) const;
  /// The neighbourhood that usually has one owner: /24 of IPv4, /48 of IPv6.
  [[nodiscard]] IpAddress group() const;
  /// Dotted for IPv4, else full_text().
  [[nodiscard]] std::string text() const;
  /// Eight groups of four lower-case hex digits, IPv4 as mapped. Source: protocol section 3.3.
  [[nodiscard]] std::string full_text() const;

  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace spreadable
