#include "core/ip.h"

#include <arpa/inet.h>  // structure-ok: inet_pton reads text; it opens no socket

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "core/assert.h"

namespace spreadable {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Ranges of 256 addresses for protocols (where a cloud keeps the secrets of its machines) and for
/// examples, and the address by which another cloud talks to its machines. Source: RFC 6890.
bool is_special_v4(const std::array<std::uint8_t, 16>& bytes) {
  static constexpr std::array<std::array<std::uint8_t, 3>, 5> kRanges{
      {{192, 0, 0}, {192, 0, 2}, {192, 88, 99}, {198, 51, 100}, {203, 0, 113}}};
  static constexpr std::array<std::uint8_t, 4> kCloudHost{168, 63, 129, 16};
  const auto* const v4 = bytes.data() + kMappedPrefix.size();
  return std::equal(kCloudHost.begin(), kCloudHost.end(), v4) ||
         std::any_of(kRanges.begin(), kRanges.end(),
                     [&](const auto& range) { return std::equal(range.begin(), range.end(), v4); });
}

/// Four numbers with dots between them. Numbers with leading zeros, which some readers take for
/// octal, are refused.
bool read_v4(std::string_view text, std::uint8_t* out) {
  constexpr int kNumbers = 4;
  for (int i = 0; i < kNumbers; ++i) {
    const char* const begin = text.data();
    const auto [end, failure] = std::from_chars(begin, begin + text.size(), out[i]);
    const auto length = static_cast<std::size_t>(end - begin);
    if (failure != std::errc{} || (length > 1 && text.front() == '0')) return false;
    text.remove_prefix(length);
    if (i == kNumbers - 1) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return false;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress result;
  if (read_v4(text, result.bytes_.data() + kMappedPrefix.size())) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), result.bytes_.begin());
    return result;
  }
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  // A NUL inside would end the text for inet_pton and so hide what follows.
  if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return {};
  std::copy(text.begin(), text.end(), buffer.begin());
  if (inet_pton(AF_INET6, buffer.data(), result.bytes_.data()) == 1) return result;
  return {};
}

IpAddress IpAddress::loopback() {
  IpAddress ip;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), ip.bytes_.begin());
  ip.bytes_[12] = 127;
  ip.bytes_[15] = 1;
  return ip;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_private() const {
  if (is_loopback()) return true;
  if (!is_v4()) {
    const bool is_unique_local = (bytes_[0] & 0xfe) == 0xfc;
    const bool is_link_local = bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
    return is_unique_local || is_link_local;
  }
  const std::uint8_t first = bytes_[12];
  const std::uint8_t second = bytes_[13];
  return first == 10 || (first == 172 && (second & 0xf0) == 16) ||
         (first == 192 && second == 168) || (first == 169 && second == 254);
}

bool IpAddress::is_public() const {
  if (is_private()) return false;
  if (is_v4()) {
    const std::uint8_t first = bytes_[12];
    const std::uint8_t second = bytes_[13];
    const bool is_shared = first == 100 && (second & 0xc0) == 64;
    const bool is_benchmark = first == 198 && (second & 0xfe) == 18;
    return first != 0 && first < 224 && !is_shared && !is_benchmark && !is_special_v4(bytes_);
  }
  const auto starts_with = [&](std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes_.begin());
  };
  const auto holds_public_v4 = [&](std::ptrdiff_t at) {
    IpAddress inner = loopback();
    std::copy(bytes_.begin() + at, bytes_.begin() + at + 4, inner.bytes_.begin() + 12);
    return inner.is_public();
  };
  if (starts_with({0x20, 0x02})) return holds_public_v4(2);
  // NAT64 by its well-known prefix; networks that have one of their own know it alone.
  if (starts_with({0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return holds_public_v4(12);
  if (starts_with({0x20, 0x01, 0x0d, 0xb8}) || starts_with({0x20, 0x01, 0x00, 0x00})) return false;
  return (bytes_[0] & 0xe0) == 0x20;  // the only range that is given out
}

IpAddress IpAddress::network(std::size_t v4_bytes, std::size_t v6_bytes) const {
  const std::size_t bytes = is_v4() ? kMappedPrefix.size() + v4_bytes : v6_bytes;
  SPREADABLE_ASSERT(bytes <= bytes_.size());
  IpAddress first = *this;
  std::fill(first.bytes_.begin() + static_cast<std::ptrdiff_t>(bytes), first.bytes_.end(),
            std::uint8_t{0});
  return first;
}

IpAddress IpAddress::group() const {
  return network(/*v4_bytes=*/3, /*v6_bytes=*/6);
}

std::string IpAddress::text() const {
  if (!is_v4()) return full_text();
  std::array<char, INET_ADDRSTRLEN> text{};
  char* end = text.data();
  for (std::size_t i = kMappedPrefix.size(); i < bytes_.size(); ++i) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), bytes_[i]).ptr;
  }
  return {text.data(), end};
}

std::string IpAddress::full_text() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (i > 0 && i % 2 == 0) result += ':';
    result += kDigits[bytes_[i] >> 4];
    result += kDigits[bytes_[i] & 0xf];
  }
  return result;
}

}  // namespace spreadable
