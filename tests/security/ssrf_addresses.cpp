#include "tests/security/ssrf_addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

namespace spreadable::sectest {
namespace {

using Octets = std::array<unsigned, 4>;

constexpr std::array<Octets, 20> kTargets{
    {{127, 0, 0, 1},   {127, 0, 0, 2},       {127, 255, 255, 254}, {10, 0, 0, 1},
     {172, 16, 0, 1},  {172, 31, 255, 255},  {192, 168, 0, 1},     {169, 254, 169, 254},
     {169, 254, 0, 1}, {100, 64, 0, 1},      {100, 100, 100, 200}, {100, 127, 255, 254},
     {0, 0, 0, 0},     {0, 1, 2, 3},         {224, 0, 0, 1},       {239, 255, 255, 255},
     {240, 0, 0, 1},   {255, 255, 255, 255}, {192, 0, 0, 192},     {168, 63, 129, 16}}};

constexpr std::array<const char*, 14> kV6Targets{
    "::1",          "::",      "fe80::1", "fe80::a9fe:a9fe", "fd00:ec2::254",
    "fd20:ce::254", "fc00::1", "fec0::1", "ff02::1",         "ff05::2",
    "2001:db8::1",  "100::1",  "2001::1", "::127.0.0.1"};

std::string dotted(const Octets& ip) {
  return fmt::format("{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3]);
}

unsigned long number_of(const Octets& ip) {
  return (static_cast<unsigned long>(ip[0]) << 24) | (ip[1] << 16) | (ip[2] << 8) | ip[3];
}

/// The digits of `text` from another block of Unicode, whose zero is `zero` in UTF-8.
std::string in_digits(std::string_view text, std::string_view zero) {
  std::string out;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      out += c;
      continue;
    }
    std::string digit(zero);
    digit.back() = static_cast<char>(digit.back() + (c - '0'));
    out += digit;
  }
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
  return out;
}

/// One IPv4 address as readers of numbers take it.
void add_numbers(std::vector<std::string>& hosts, const Octets& ip) {
  const auto [a, b, c, d] = ip;
  const unsigned long number = number_of(ip);
  hosts.insert(hosts.end(), {dotted(ip), fmt::format("{}", number), fmt::format("0{:o}", number),
                             fmt::format("0x{:x}", number), fmt::format("0X{:08X}", number),
                             fmt::format("0{:o}.0{:o}.0{:o}.0{:o}", a, b, c, d),
                             fmt::format("0x{:x}.0x{:x}.0x{:x}.0x{:x}", a, b, c, d),
                             fmt::format("{}.0x{:x}.0{:o}.{}", a, b, c, d),
                             fmt::format("{}.{}", a, number & 0xff'ffff),
                             fmt::format("{}.{}.{}", a, b, number & 0xffff),
                             fmt::format("{:03}.{:03}.{:03}.{:03}", a, b, c, d),
                             fmt::format("{}.{}.{}.{}", a + 256, b, c, d), dotted(ip) + "."});
}

/// One IPv4 address inside of IPv6.
void add_wrapped(std::vector<std::string>& hosts, const Octets& ip) {
  const auto [a, b, c, d] = ip;
  const unsigned high = (a << 8) | b;
  const unsigned low = (c << 8) | d;
  hosts.insert(
      hosts.end(),
      {fmt::format("[::ffff:{}]", dotted(ip)), fmt::format("[::ffff:{:x}:{:x}]", high, low),
       fmt::format("[0:0:0:0:0:FFFF:{:04X}:{:04X}]", high, low), fmt::format("[::{}]", dotted(ip)),
       fmt::format("[::ffff:0:{:x}:{:x}]", high, low), fmt::format("[64:ff9b::{}]", dotted(ip)),
       fmt::format("[64:ff9b:1::{:x}:{:x}]", high, low),
       fmt::format("[64:ff9b:1:{:x}:{:x}:{:x}:808:808]", high, low >> 8, (low & 0xff) << 8),
       fmt::format("[2002:{:x}:{:x}::1]", high, low),
       fmt::format("[2001:0:{:x}:{:x}:0:0:f7f7:f7f7]", high, low),
       fmt::format("[2001:0:808:808:0:0:{:x}:{:x}]", high ^ 0xffff, low ^ 0xffff),
       fmt::format("[::ffff:{}%1]", dotted(ip))});
}

/// One IPv4 address behind what some readers cut off, decode or look up.
void add_disguised(std::vector<std::string>& hosts, const Octets& ip, std::size_t number) {
  const std::string text = dotted(ip);
  const std::string label = replaced(text, ".", "-");
  hosts.insert(hosts.end(), {"8.8.8.8@" + text,
                             "public.example:80@" + text,
                             "public.example:80\\@" + text,
                             "public.example#@" + text,
                             "public.example?@" + text,
                             "public.example/@" + text,
                             "http://" + text,
                             "//" + text,
                             "\t" + text,
                             text + "\r\nHost: public.example",
                             text + "%00.public.example",
                             percent_encoded(text),
                             replaced(text, ".", "%2e"),
                             replaced(text, ".", "\u3002"),
                             replaced(text, ".", "\uff0e"),
                             in_digits(text, "\uff10"),
                             label + ".at.example",
                             label + ".AT.example",
                             fmt::format("{}-{}.turning.example", number, label),
                             fmt::format("{}-{}.leading.example", number, label)});
}

std::string full(const char* v6) {
  return IpAddress::parse(v6)->full_text();
}

void add_v6(std::vector<std::string>& hosts, const char* text, std::size_t number) {
  const std::string label = replaced(full(text), ":", "-");
  hosts.insert(hosts.end(),
               {fmt::format("[{}]", text), fmt::format("[{}]", full(text)), std::string(text),
                fmt::format("[{}%lo]", text), fmt::format("[{}%251]", text), label + ".at.example",
                fmt::format("{}-{}.turning.example", number, label),
                fmt::format("{}-{}.leading.example", number, label)});
}

bool is_within(const IpAddress& ip, std::string_view network, std::size_t bits) {
  const auto& left = ip.bytes();
  const IpAddress base = *IpAddress::parse(network);
  const auto& right = base.bytes();
  for (std::size_t i = 0; i < bits; ++i) {
    const unsigned mask = 0x80U >> (i % 8);
    if ((left[i / 8] & mask) != (right[i / 8] & mask)) return false;
  }
  return true;
}

}  // namespace

bool is_forbidden(const IpAddress& ip) {
  struct Range {
    const char* network;
    std::size_t bits;
  };
  static constexpr std::array<Range, 19> kV4{{{"0.0.0.0", 8},
                                              {"10.0.0.0", 8},
                                              {"100.64.0.0", 10},
                                              {"127.0.0.0", 8},
                                              {"169.254.0.0", 16},
                                              {"172.16.0.0", 12},
                                              {"192.0.0.0", 24},
                                              {"192.0.2.0", 24},
                                              {"192.88.99.0", 24},
                                              {"192.168.0.0", 16},
                                              {"198.18.0.0", 15},
                                              {"198.51.100.0", 24},
                                              {"203.0.113.0", 24},
                                              {"168.63.129.16", 32},
                                              {"224.0.0.0", 4},
                                              {"240.0.0.0", 4},
                                              {"255.255.255.255", 32},
                                              {"0.0.0.0", 32},
                                              {"127.0.0.1", 32}}};
  constexpr std::size_t kMapped = 96;
  if (ip.is_v4()) {
    return std::any_of(kV4.begin(), kV4.end(), [&](const Range& range) {
      return is_within(ip, range.network, kMapped + range.bits);
    });
  }
  // Of IPv6 only what is given out to machines, and of that no tunnel to a forbidden IPv4 address.
  if (!is_within(ip, "2000::", 3)) {
    const auto& bytes = ip.bytes();
    const auto inner =
        IpAddress::parse(fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]));
    return !is_within(ip, "64:ff9b::", 96) || is_forbidden(*inner);
  }
  if (is_within(ip, "2001::", 32) || is_within(ip, "2001:db8::", 32)) return true;
  if (!is_within(ip, "2002::", 16)) return false;
  const auto& bytes = ip.bytes();
  return is_forbidden(
      *IpAddress::parse(fmt::format("{}.{}.{}.{}", bytes[2], bytes[3], bytes[4], bytes[5])));
}

std::vector<std::string> crafted_addresses(std::uint16_t port) {
  std::vector<std::string> hosts;
  std::size_t number = 0;
  for (const Octets& ip : kTargets) {
    add_numbers(hosts, ip);
    add_wrapped(hosts, ip);
    add_disguised(hosts, ip, ++number);
  }
  for (const char* ip : kV6Targets) add_v6(hosts, ip, ++number);
  hosts.insert(hosts.end(), {"localhost", "LOCALHOST", "localhost.", "localhost.localdomain",
                             "[localhost]", "ip6-localhost", ""});
  for (int i = 0; i < 10; ++i) hosts.push_back(fmt::format("pretender{}.example", i));
  for (std::string& host : hosts) host += ":" + std::to_string(port);
  return hosts;
}

IpAddress public_ip() {
  return *IpAddress::parse("11.22.33.44");
}

std::optional<IpAddress> carried_ip(std::string_view name) {
  std::string label(name.substr(0, name.find('.')));
  const auto hyphens = std::count(label.begin(), label.end(), '-');
  const bool is_numbered = hyphens == 4 || hyphens == 8;
  if (is_numbered) label.erase(0, label.find('-') + 1);
  const bool is_v4 = hyphens - (is_numbered ? 1 : 0) == 3;
  return IpAddress::parse(replaced(label, "-", is_v4 ? "." : ":"));
}

Result<IpAddress> attackers_answer(const std::string& name) {
  if (const auto literal = IpAddress::parse(name)) return *literal;
  in_addr number{};
  if (::inet_aton(name.c_str(), &number) != 0) {
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &number, text.data(), text.size());
    return *IpAddress::parse(text.data());
  }
  std::string lower = name;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto carried = carried_ip(lower);
  if (carried && lower.ends_with(".at.example")) return *carried;
  if (carried && lower.ends_with(".turning.example")) {
    static std::mutex mutex;
    static std::map<std::string, int> looks;
    const std::scoped_lock lock(mutex);
    return looks[lower]++ % 2 == 0 ? public_ip() : *carried;
  }
  if (lower.ends_with(".example")) return public_ip();
  return Error{Errc::not_found, "no address for " + name, {}};
}

}  // namespace spreadable::sectest
