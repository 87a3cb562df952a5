#include "services/net/detail/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <string_view>

namespace spreadable::detail {

std::optional<IpAddress> ip_of(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  std::array<char, NI_MAXHOST> text{};
  const bool is_v4 = address->sa_family == AF_INET;
  if (!is_v4 && address->sa_family != AF_INET6) return std::nullopt;
  const auto size = static_cast<socklen_t>(is_v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  if (::getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return std::nullopt;
  }
  const std::string_view whole(text.data());
  return IpAddress::parse(whole.substr(0, whole.find('%')));
}

}  // namespace spreadable::detail
