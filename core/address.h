// core/address.h: a node's identity on the network.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/ip.h"
#include "core/result.h"

namespace spreadable {

/// Whether upstream peers accept `host` in an address: an IP address, `localhost`, or a domain name
/// whose last labels have two letters or more. Source: protocol section 3.2; anchored, so junk
/// around a valid name is refused.
[[nodiscard]] bool is_valid_host(std::string_view host);

/// `host:port`, a node's identity, compared byte by byte. An IPv6 host stands in brackets, in full
/// form. An Address is always valid; default construction gives the empty address, which is nobody.
class Address {
 public:
  Address() = default;

  /// Errc::invalid_argument with a message that quotes `text` when it is no address.
  [[nodiscard]] static Result<Address> parse(std::string_view text);
  /// As parse, of the two parts. An IPv6 `host` is given without brackets.
  [[nodiscard]] static Result<Address> from_parts(std::string_view host, std::uint16_t port);
  /// The address of a node that is named by `ip`: as from_parts with its text, which can't fail.
  [[nodiscard]] static Address from_ip(const IpAddress& ip, std::uint16_t port);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Without port and without brackets.
  [[nodiscard]] std::string_view host() const;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] bool is_empty() const { return text_.empty(); }

  friend bool operator==(const Address&, const Address&) = default;
  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  explicit Address(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace spreadable

template <>
struct std::hash<spreadable::Address> {
  std::size_t operator()(const spreadable::Address& address) const noexcept {
    return std::hash<std::string>{}(address.text());
  }
};
