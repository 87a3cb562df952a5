#include "core/address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/ascii.h"
#include "core/excerpt.h"

namespace spreadable {
namespace {

constexpr std::size_t kHostBytesMax = 253;     // RFC 1035, section 2.3.4, as text
constexpr std::size_t kLabelBytesMax = 63;     // RFC 1035, section 2.3.4
constexpr std::size_t kNameLabelBytesMin = 3;  // protocol, section 3.2
constexpr std::size_t kTopLabelBytesMin = 2;   // protocol, section 3.2
constexpr std::size_t kPortDigitsMax = 5;

bool is_name_character(char c) {
  return ascii::is_letter(c) || ascii::is_digit(c) || c == '-';
}

/// A label as DNS can hold it. Underscores are tolerated since names in use have them.
bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return is_name_character(c) || c == '_';
         });
}

bool is_top_label(std::string_view label) {
  return label.size() >= kTopLabelBytesMin &&
         std::all_of(label.begin(), label.end(), ascii::is_letter);
}

/// Whether `label` ends as upstream wants the label before the top ones to end: its pattern is not
/// anchored on the left, so only the last three characters count.
bool is_name_label(std::string_view label) {
  return label.size() >= kNameLabelBytesMin &&
         std::all_of(label.end() - kNameLabelBytesMin, label.end(), is_name_character);
}

std::string_view take_last_label(std::string_view& name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view label = dot == std::string_view::npos ? name : name.substr(dot + 1);
  name = dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
  return label;
}

/// A domain name of valid labels whose tail is a name label followed by one or more top labels. The
/// name label may lie anywhere in front of the top ones: `abc.co.uk` has it at the third place.
bool is_domain_name(std::string_view name) {
  bool has_tail = false;
  bool is_tail_open = true;  // all labels so far, from the right, were top labels
  std::size_t count = 0;
  if (name.empty() || name.front() == '.') return false;
  while (!name.empty()) {
    const std::string_view label = take_last_label(name);
    if (!is_label(label)) return false;
    if (is_tail_open && count > 0 && is_name_label(label)) has_tail = true;
    is_tail_open = is_tail_open && is_top_label(label);
    if (!is_tail_open && !has_tail) return false;  // what is left of it makes no tail any more
    ++count;
  }
  return has_tail;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > kPortDigitsMax) return {};
  // Leading zeros would give one node a second identity.
  if (text.front() == '0' && text.size() > 1) return {};
  if (!std::all_of(text.begin(), text.end(), ascii::is_digit)) return {};
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return port;
}

Error not_an_address(std::string_view text) {
  return Error{Errc::invalid_argument, "not a node address: " + quote(text), {}};
}

/// The text of an address whose host stands in it as `host`.
std::string joined(std::string host, std::uint16_t port) {
  std::array<char, kPortDigitsMax> digits{};
  host += ':';
  return host.append(digits.data(), std::to_chars(digits.begin(), digits.end(), port).ptr);
}

}  // namespace

bool is_valid_host(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  return host == "localhost" || is_domain_name(host) || IpAddress::parse(host).has_value();
}

Result<Address> Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text);
  std::string_view host = text.substr(0, colon);
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return not_an_address(text);

  const bool has_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  // Brackets belong to IPv6, which alone has colons, and to nothing else.
  const bool has_colon = host.find(':') != std::string_view::npos;
  if (has_brackets != has_colon || !is_valid_host(host)) return not_an_address(text);
  return has_colon ? from_parts(host, *port) : Address(std::string(text));
}

Result<Address> Address::from_parts(std::string_view host, std::uint16_t port) {
  if (!is_valid_host(host)) return not_an_address(joined(std::string(host), port));
  if (host.find(':') == std::string_view::npos) return Address(joined(std::string(host), port));
  return Address(joined('[' + IpAddress::parse(host)->full_text() + ']', port));
}

Address Address::from_ip(const IpAddress& ip, std::uint16_t port) {
  return Address(joined(ip.is_v4() ? ip.text() : '[' + ip.full_text() + ']', port));
}

std::string_view Address::host() const {
  if (text_.empty()) return {};
  const std::string_view host = std::string_view(text_).substr(0, text_.rfind(':'));
  return host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

std::uint16_t Address::port() const {
  if (text_.empty()) return 0;
  return *parse_port(std::string_view(text_).substr(text_.rfind(':') + 1));
}

}  // namespace spreadable
