// core/coverage.h: how much of the network stands behind an answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/json.h"

namespace spreadable {

/// Counts of the leaf work of a traversal or of a part of it.
struct Coverage {
  /// Silent nodes named at most; the counts are always exact.
  static constexpr std::size_t kSilentMax = 64;
  /// More than any network has. Those who say so make it up; adding up such counts would end at a
  /// small number again, with which an answer could pass for complete.
  static constexpr std::size_t kCountMax = std::size_t{1} << 32;

  std::size_t asked = 0;
  std::size_t answered = 0;
  std::vector<Address>
      silent;  ///< asked, but no usable answer came in time; sorted, at most kSilentMax

  [[nodiscard]] bool is_complete() const { return asked == answered; }
  void add_answered() { ++asked, ++answered; }
  void add_silent(const Address& address);
  void add(const Coverage& part);

  /// As the wire has it in header wire::kCoverage: `{"asked":6,"answered":5,"silent":["a:1"]}`.
  [[nodiscard]] std::string to_header() const;
  /// Nothing for a text that is not of that form, or whose counts contradict themselves.
  [[nodiscard]] static std::optional<Coverage> from_header(std::string_view text);
};

}  // namespace spreadable
